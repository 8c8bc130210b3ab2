package player

import (
	"time"

	"hlsload/player/policy"
)

// BehindFatal ends the session (media3 BehindLiveWindowException).
type BehindFatal struct{}

func (*BehindFatal) Limits(*policy.Limits) {}

func (*BehindFatal) left(p *Player, _ time.Duration) {
	if p.state == stalled {
		p.finish(Fatal, "behind the live window")
	}
}

func (*BehindFatal) leaves(*Player) time.Duration { return Never }

func (*BehindFatal) moved(*Player, *track) time.Duration { return 0 }

func (*BehindFatal) goesOn() bool { return false }
