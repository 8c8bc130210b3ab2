package player

import (
	"time"

	"hlsload/player/policy"
)

// BehindNext goes on with the first listed segment.
type BehindNext struct{}

func (*BehindNext) Limits(*policy.Limits) {}

func (*BehindNext) left(p *Player, pos time.Duration) {
	// A player that reads everything itself goes by what it has read.
	if t := &p.main; pos < t.base && !p.inTurn() {
		p.seek(t.base)
	}
}

func (*BehindNext) leaves(*Player) time.Duration { return Never }

func (*BehindNext) moved(*Player, *track) time.Duration { return 0 }

func (*BehindNext) goesOn() bool { return true }
