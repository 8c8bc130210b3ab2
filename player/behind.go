package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// Behind is what happens when the position has left the window.
type Behind interface {
	// left takes a position that is outside the window of the main playlist.
	left(p *Player, pos time.Duration)
	// leaves is when a player that stands still falls out of a window that moves with the
	// clock; Never where the window moves with reloads only. Others are not asked: see
	// Player.leaves.
	leaves(p *Player) time.Duration
	// moved is how far the window has moved since the playlist of a track changed.
	moved(p *Player, t *track) time.Duration
	// goesOn reports whether the first listed segment is loaded when the one that was to
	// be next has left the window.
	goesOn() bool
}

var _ = policy.Register("behind", policy.Offers[Behind]{
	"seek_live":    new(behindSeekLive),
	"window_start": new(behindWindowStart),
	"sliding":      &behindSliding{Range: units.Duration(3 * time.Second)},
	"next":         new(behindNext),
	"fatal":        new(behindFatal),
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
	if p.now >= p.leaves() {
		p.cfg.Profile.Behind.Is.left(p, p.position(p.now))
	}
}

// slideWake is when that is to be looked at.
func (p *Player) slideWake() time.Duration { return max(p.leaves(), p.now) }

// leaves is when the player falls out of the window; Never while it does not stand still.
func (p *Player) leaves() time.Duration {
	if p.state != stalled {
		return Never
	}
	return p.cfg.Profile.Behind.Is.leaves(p)
}

// behindReloads is what policies have in common whose window moves with reloads.
type behindReloads struct{}

func (behindReloads) leaves(*Player) time.Duration        { return Never }
func (behindReloads) moved(*Player, *track) time.Duration { return 0 }
func (behindReloads) goesOn() bool                        { return true }

// windowStart is what policies have in common that go to the start of the window.
type windowStart struct {
	behindReloads `yaml:"-"`
	Offset        units.Duration `yaml:"offset"` // from there
}

func (b *windowStart) Limits(l *policy.Limits) { l.Duration("offset", &b.Offset, 0, time.Hour) }

func (b *windowStart) left(p *Player, _ time.Duration) {
	t := &p.main
	p.seek(min(t.base+time.Duration(b.Offset), t.base+t.media.Duration))
}
