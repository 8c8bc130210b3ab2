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
	policy.Limited
	lasts() units.Duration
	// of is the rendition that is given up because of a fetch.
	of(p *Player, f *flight) int16
	// sound reports whether a level is given up with its sound.
	sound() bool
	// blames reports whether bandwidth keeps from levels that failed, before they
	// are given up.
	blames() bool
	// chosen is told that the main track has left a rendition for another one; last
	// reports whether nothing else was left.
	chosen(p *Player, left int16, last bool)
}

var _ = policy.Register("penalty", policy.Offers[Penalty]{
	"level":            &penaltyLevel{},
	"rendition":        &penaltyRendition{},
	"level_then_pause": &penaltyLevelThenPause{},
})

// Returns is when the end of a penalty matters.
type Returns interface {
	policy.Limited
	// notices reports whether the end of a penalty is seen when it comes.
	notices() bool
	// ended follows the end of penalties that left the pathway as it is.
	ended(p *Player)
}

var _ = policy.Register("returns", policy.Offers[Returns]{
	"on_error":  &returnOnError{},
	"reselect":  &returnReselect{},
	"at_expiry": &returnAtExpiry{},
})

func (p *Player) penalty() Penalty { return p.cfg.Profile.Penalty.Is }

func (b *errorBook) penalised(rendition int16, now time.Duration) bool {
	r := b.find(rendition)
	return r != nil && r.was().until > now
}

// penalise keeps from a rendition until an instant.
func (b *errorBook) penalise(rendition int16, until time.Duration) {
	b.of(rendition).remember().until = until
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
	return r != nil && r.was().until == 0 && (r.recoveries > 0 || r.segments > 0)
}

func (b *errorBook) pathwayUntil(i int16) time.Duration {
	if b.pathways == nil {
		return 0
	}
	return b.pathways[i]
}

// wake is when a penalty ends, for players that look at that.
func (b *errorBook) wake(p *Player) time.Duration {
	at := Never
	if !p.cfg.Profile.Returns.Is.notices() {
		return at
	}
	for _, r := range b.renditions {
		if r.was().until > p.now {
			at = min(at, r.was().until)
		}
	}
	for _, u := range b.pathways {
		if u > p.now {
			at = min(at, u)
		}
	}
	return at
}

// returns goes back to what a penalty that ended had kept away from.
func (p *Player) returns() {
	if !p.cfg.Profile.Returns.Is.notices() || p.ladder == nil || p.state == over {
		return
	}
	ended := false
	for i := range p.errs.renditions {
		if r := &p.errs.renditions[i]; r.was().until > 0 && r.was().until <= p.now {
			r.forgive()
			ended = true
		}
	}
	for i, u := range p.errs.pathways {
		if u > 0 && u <= p.now {
			p.errs.pathways[i], ended = 0, true
		}
	}
	if !ended {
		return
	}
	if best := p.freePathway(-1); best >= 0 && best < p.pathway {
		p.pathway = best
		p.setLevel(int(p.main.level), true, "penalty ended")
		return
	}
	p.cfg.Profile.Returns.Is.ended(p)
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
	before := p.errs.of(r).was().until
	p.errs.penalise(r, until)
	if p.reselect(f, failure, false) {
		return true
	}
	p.errs.penalise(r, before)
	return false
}

// reselect is the choice by bandwidth after an error; last reports that nothing
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
		p.errs.of(f.rendition).remember().asked = asked
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
