package player

import (
	"slices"

	"hlsload/player/policy"
	"hlsload/player/stream"
)

// Reading is how the variants of a multivariant playlist are read, which may be
// copies of each other.
type Reading interface {
	// Copies are the attributes that copies have in common; none = every variant is
	// a level of its own.
	Copies() []string
	// pick is the media playlist of a level here and now, -1 if it is not offered or
	// penalised.
	pick(p *Player, l *Level) int16
	// sound is the audio rendition to play with a level whose own one is given.
	sound(p *Player, l *Level, own int16) int16
}

var _ = policy.Register("read", policy.Offers[Reading]{
	"every_variant": &readEveryVariant{},
	"pathways":      &readPathways{},
	"locations":     &readLocations{},
})

func (p *Player) reading() Reading { return p.cfg.Profile.Read.Is }

// onPathway is the media playlist of a level on the current pathway, -1 if it is
// not offered there or penalised.
func (p *Player) onPathway(l *Level) int16 {
	r := l.ByPathway[p.pathway]
	if r < 0 || p.errs.penalised(r, p.now) {
		return -1
	}
	if p.penalty().sound() {
		if a := l.AudioByPathway[p.pathway]; a >= 0 && p.errs.penalised(a, p.now) {
			return -1
		}
	}
	return r
}

// location is the first of redundant copies that is not penalised, the current
// one if that is among them; -1 if all are.
func (p *Player) location(copies []int16, current int16) int16 {
	best := int16(-1)
	for _, r := range copies {
		if r < 0 || p.errs.penalised(r, p.now) {
			continue
		}
		if r == current {
			return r
		}
		if best < 0 {
			best = r
		}
	}
	return best
}

// mute reports whether a level's sound comes by itself and all copies of it are
// penalised.
func (p *Player) mute(l *Level) bool {
	return slices.ContainsFunc(l.AudioByPathway, func(r int16) bool { return r >= 0 }) && p.location(l.AudioByPathway, -1) < 0
}

// copies is what policies have in common that know copies.
type copies struct {
	Key []string `yaml:"key"` // attributes that copies have in common
}

func (c *copies) Limits(l *policy.Limits) {
	policy.Words(l, "key", &c.Key, 1, nil, stream.Attributes...)
}

func (c *copies) Copies() []string { return c.Key }

// together is what policies have in common whose levels move together.
type together struct{}

func (together) pick(p *Player, l *Level) int16             { return p.onPathway(l) }
func (together) sound(_ *Player, _ *Level, own int16) int16 { return own }
