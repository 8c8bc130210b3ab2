package player

import (
	"time"

	"hlsload/player/m3u8"
)

// segmentsListed leaves a segment where its playlist puts it.
type segmentsListed struct {
	asListed `yaml:"-"`
}

func (*segmentsListed) lies(_ *Player, _ *track, _ *m3u8.Segment, start, off time.Duration, _ bool) (at, left time.Duration, elsewhere bool) {
	return start, off, false
}
