package player

import (
	"time"

	"hlsload/player/policy"
)

// Behind is what happens when the position has left the window.
type Behind interface {
	policy.Limited
	// left takes a position that is outside the window of the main playlist.
	left(p *Player, pos time.Duration)
	// leaves is when a player that stands still falls out of a window that moves with the
	// clock; Never where the window moves with reloads only.
	leaves(p *Player) time.Duration
	// moved is how far the window has moved since the playlist of a track changed.
	moved(p *Player, t *track) time.Duration
	// goesOn reports whether the first listed segment is loaded when the one that was to
	// be next has left the window.
	goesOn() bool
}

// BehindPolicies are the ways of getting back into the window.
var BehindPolicies = policy.Register("behind", policy.Offers[Behind]{
	"seek_live":    new(BehindSeekLive),
	"window_start": new(BehindWindowStart),
	"sliding":      new(BehindSliding),
	"next":         new(BehindNext),
	"fatal":        new(BehindFatal),
})

// behind deals with a position that has left the window.
func (p *Player) behind(t *track) {
	if t != &p.main || t.media.EndList {
		return
	}
	pos := p.position(p.now)
	if pos >= t.base-250*time.Millisecond && pos <= t.base+t.media.Duration {
		return
	}
	if p.state == playing && p.ahead(t) > touching {
		return // what is buffered is played first
	}
	p.cfg.Profile.Behind.Is.left(p, pos)
}

// slide deals with having fallen out of a window that moves with the clock. Whether
// anything is listed there does not matter.
func (p *Player) slide() {
	if b := p.cfg.Profile.Behind.Is; p.now >= b.leaves(p) {
		b.left(p, p.position(p.now))
	}
}

// slideWake is when that is to be looked at.
func (p *Player) slideWake() time.Duration { return max(p.cfg.Profile.Behind.Is.leaves(p), p.now) }
