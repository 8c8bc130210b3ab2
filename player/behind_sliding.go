package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// BehindSliding goes to the start of a window that moves on between reloads, as the
// clock does, so that a player that stands still falls out of it at any time (Shaka
// presentation_timeline).
type BehindSliding struct {
	Offset units.Duration `yaml:"offset"` // from there
}

func (b *BehindSliding) Limits(l *policy.Limits) {
	l.Duration("offset", &b.Offset, time.Millisecond, time.Hour)
}

func (b *BehindSliding) left(p *Player, _ time.Duration) {
	t := &p.main
	if p.now >= b.leaves(p) { // whether anything is listed there does not matter
		p.seek(t.base + b.moved(p, t) + time.Duration(b.Offset))
		return
	}
	p.seek(min(t.base+time.Duration(b.Offset), t.base+t.media.Duration))
}

func (*BehindSliding) leaves(p *Player) time.Duration {
	t := &p.main
	if p.state != stalled || t.media == nil || !t.live() {
		return Never
	}
	return t.changedAt + max(p.anchor-t.base, 0) + time.Millisecond
}

func (*BehindSliding) moved(p *Player, t *track) time.Duration { return p.now - t.changedAt }

func (*BehindSliding) goesOn() bool { return true }
