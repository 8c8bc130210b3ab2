package player

import (
	"time"

	"hlsload/player/policy"
)

// SegmentsListed leaves a segment where its playlist has it.
type SegmentsListed struct{}

func (*SegmentsListed) Limits(*policy.Limits) {}

func (*SegmentsListed) lies(_ *Player, _ *track, _ *flight, off time.Duration, _ bool) (time.Duration, bool) {
	return off, false
}

func (*SegmentsListed) plays(time.Duration) bool { return true }

func (*SegmentsListed) exact() bool { return false }
