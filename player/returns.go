package player

import (
	"time"

	"hlsload/player/policy"
)

// Returns is when the end of a penalty matters.
type Returns interface {
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

// wake is when a penalty ends, for players that look at that.
func (b *errorBook) wake(p *Player) time.Duration {
	at := Never
	if !p.cfg.Profile.Returns.Is.notices() {
		return at
	}
	for t := b.pasts; t != nil; t = t.next {
		if t.until > p.now {
			at = min(at, t.until)
		}
	}
	for t := b.pathways; t != nil; t = t.next {
		if t.until > p.now {
			at = min(at, t.until)
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
	for t := p.errs.pasts; t != nil; t = t.next {
		if t.until > 0 && t.until <= p.now {
			p.errs.forgive(p.errs.of(t.rendition))
			ended = true
		}
	}
	for t := p.errs.pathways; t != nil; t = t.next {
		if t.until > 0 && t.until <= p.now {
			t.until, ended = 0, true
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
