package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// SegmentsListed leaves a segment where its playlist has it.
type SegmentsListed struct{}

func (*SegmentsListed) Limits(*policy.Limits) {}

func (*SegmentsListed) lies(_ *Player, _ *track, _ *m3u8.Segment, start, off time.Duration, _ bool) (at, left time.Duration, elsewhere bool) {
	return start, off, false
}

func (*SegmentsListed) plays(time.Duration) bool { return true }

func (*SegmentsListed) exact() bool { return false }
