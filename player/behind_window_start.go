package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// BehindWindowStart goes to the start of the window.
type BehindWindowStart struct {
	Offset units.Duration `yaml:"offset"` // from there
}

func (b *BehindWindowStart) Limits(l *policy.Limits) { l.Duration("offset", &b.Offset, 0, time.Hour) }

func (b *BehindWindowStart) left(p *Player, _ time.Duration) {
	t := &p.main
	p.seek(min(t.base+time.Duration(b.Offset), t.base+t.media.Duration))
}

func (*BehindWindowStart) leaves(*Player) time.Duration { return Never }

func (*BehindWindowStart) moved(*Player, *track) time.Duration { return 0 }

func (*BehindWindowStart) goesOn() bool { return true }
