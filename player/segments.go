package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// Segments is where a segment lies whose timestamp disagrees with its playlist.
type Segments interface {
	// lies takes a segment that lies off after where the playlist puts it. It moves its
	// playlist, and returns where the segment lies then, how far off they are left, and
	// whether the segment is not what was wanted and not buffered. guessed means that no
	// timestamp of the playlist was seen before.
	lies(p *Player, t *track, s *m3u8.Segment, start, off time.Duration, guessed bool) (at, left time.Duration, elsewhere bool)
	// plays reports whether what lies at an instant of the session's timeline can be
	// played.
	plays(at time.Duration) bool
	// exact reports whether timestamps put everything right.
	exact() bool
}

var _ = policy.Register("segments", policy.Offers[Segments]{
	"listed":     new(segmentsListed),
	"joined":     new(segmentsJoined),
	"timestamps": new(segmentsTimestamps),
})

// asListed is what policies have in common that know where a segment lies from its
// playlist.
type asListed struct{}

func (asListed) plays(time.Duration) bool { return true }
func (asListed) exact() bool              { return false }
