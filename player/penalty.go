package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// Penalty is what a player gives up for a time when it chooses again by bandwidth
// because of an error.
type Penalty interface {
	lasts() units.Duration
	// of is the rendition that is given up because of a fetch.
	of(p *Player, f *flight) int16
	// sound reports whether a level is given up with its sound.
	sound() bool
	// blames reports whether bandwidth keeps from levels that failed, before they
	// are given up.
	blames() bool
	// chosen follows the choice of another rendition than the one that was left; last means
	// that nothing else could be chosen.
	chosen(p *Player, left int16, last bool)
}

var _ = policy.Register("penalty", policy.Offers[Penalty]{
	"level":            &penaltyLevel{},
	"rendition":        &penaltyRendition{},
	"level_then_pause": &penaltyLevelThenPause{},
})

func (p *Player) penalty() Penalty { return p.cfg.Profile.Penalty.Is }

func (b *errorBook) penalised(rendition int16, now time.Duration) bool {
	return b.was(rendition).until > now
}

// penalise keeps from a rendition until an instant.
func (b *errorBook) penalise(rendition int16, until time.Duration) {
	b.remember(rendition).until = until
}

// blamed reports whether bandwidth may not choose a level because it failed.
func (b *errorBook) blamed(p *Player, level int) bool {
	if b.renditions == nil || !p.penalty().blames() {
		return false
	}
	rendition := p.renditionOf(level)
	if rendition < 0 {
		return true
	}
	r := b.find(rendition)
	return r != nil && b.was(rendition).until == 0 && (r.recoveries > 0 || r.segments > 0)
}

func (b *errorBook) pathwayUntil(i int16) time.Duration {
	for t := b.pathways; t != nil; t = t.next {
		if t.index == i {
			return t.until
		}
	}
	return 0
}

// closePathway penalises a pathway until an instant.
func (b *errorBook) closePathway(i int16, until time.Duration) {
	at := &b.pathways
	for ; *at != nil; at = &(*at).next {
		if (*at).index == i {
			(*at).until = until
			return
		}
	}
	*at = &pathway{index: i, until: until}
}

// freePathway is the first listed pathway that is not penalised and offers
// something, other than the given one; -1 if there is none.
func (p *Player) freePathway(not int16) int16 {
	for i := range int16(len(p.ladder.Pathways)) {
		if i == not || p.errs.pathwayUntil(i) > p.now {
			continue
		}
		for l := range p.ladder.Levels {
			if p.ladder.Levels[l].ByPathway[i] >= 0 {
				return i
			}
		}
	}
	return -1
}

// giveUp penalises what a failed fetch gives up until an instant and lets
// bandwidth choose again. It reports whether there was another choice.
func (p *Player) giveUp(f *flight, failure Failure, until time.Duration) bool {
	r := p.penalty().of(p, f)
	before := p.errs.was(r).until
	p.errs.penalise(r, until)
	if p.reselect(f, failure, false) {
		return true
	}
	p.errs.penalise(r, before)
	return false
}

// reselect is the choice by bandwidth after an error; last means that nothing
// else was left.
func (p *Player) reselect(f *flight, failure Failure, last bool) bool {
	main := &p.main
	from := p.errs.of(main.rendition)
	from.known = from.known || main.listed()
	if f.kind == m3u8.KindMedia {
		asked := p.now
		if f.update && f.rendition == main.mediaOf {
			asked = main.loadedAt // a failed reload does not count
		}
		p.errs.remember(f.rendition).asked = asked
	}
	to := p.bestLevel()
	if to < 0 || p.renditionOf(to) < 0 {
		return false
	}
	left := main.rendition
	p.setLevel(to, false, failure.String())
	if f.update {
		p.clock().fallback(p)
	}
	p.penalty().chosen(p, left, last)
	return true
}

// until is the end of a penalty that begins now.
func (p *Player) until(d units.Duration) time.Duration {
	if time.Duration(d) >= Never-p.now {
		return Never
	}
	return p.now + time.Duration(d)
}

// ofLevel is what policies have in common that give up the level that is played.
type ofLevel struct {
	For units.Duration `yaml:"for"` // how long it is not chosen again; "never" = for ever
}

func (c *ofLevel) Limits(l *policy.Limits) { l.Duration("for", &c.For, 0, Never) }

func (c *ofLevel) lasts() units.Duration       { return c.For }
func (*ofLevel) of(p *Player, _ *flight) int16 { return p.main.rendition }
func (*ofLevel) sound() bool                   { return false }
func (*ofLevel) blames() bool                  { return true }
func (*ofLevel) chosen(*Player, int16, bool)   {}
