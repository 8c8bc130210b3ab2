package fleet

import (
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/reports/record"
)

// Session takes the samples of one session, from one goroutine at a time. It is a
// [record.Session], except in tests.
type Session interface {
	// Add takes a sample; m is nil unless its type is Answered. Both are valid during
	// the call only.
	Add(s *player.Sample, m *record.Meta)
}

// Chaos applies faults via viewer to answers and links; package inject implements it.
// Both methods are called from any goroutine.
type Chaos interface {
	// Answer returns the answer that the player gets instead of the real one, and
	// what else happens to it. Only playlists have a body.
	Answer(now time.Duration, t *chaos.Thing, url string, real chaos.Answer) (chaos.Answer, chaos.Effect)
	// Link returns the limits that faults put on a viewer's link.
	Link(now time.Duration, t *chaos.Thing) (down int64, extra time.Duration, cut bool, marks chaos.Marks)
}
