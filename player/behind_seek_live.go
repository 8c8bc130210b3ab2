package player

import (
	"time"

	"hlsload/player/policy"
)

// BehindSeekLive goes back to the distance from the live edge that it starts at.
type BehindSeekLive struct {
	Once bool `yaml:"once"` // not again before something was loaded
}

func (*BehindSeekLive) Limits(*policy.Limits) {}

func (b *BehindSeekLive) left(p *Player, _ time.Duration) {
	if b.Once && !p.main.filled {
		return
	}
	if to := p.livePosition(&p.main); p.cfg.Profile.Timeline.Segments.Is.plays(to) {
		p.seek(to)
	}
}

func (*BehindSeekLive) leaves(*Player) time.Duration { return Never }

func (*BehindSeekLive) moved(*Player, *track) time.Duration { return 0 }

func (*BehindSeekLive) goesOn() bool { return true }
