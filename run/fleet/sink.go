package fleet

import (
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/reports/record"
)

// Session takes the samples of one session, from one goroutine at a time; it is a
// [record.Session], except in tests.
type Session interface {
	// Add takes a sample; m is nil except for answered ones. Both are valid during
	// the call only.
	Add(s *player.Sample, m *record.Meta)
}

// Chaos is what happens to answers and links on the viewers' side; package
// inject realises it. Both methods are called from any goroutine.
type Chaos interface {
	// Answer returns the answer that the player shall see instead of the real
	// one, and what else happens to it. Only playlists have a body.
	Answer(now time.Duration, t *chaos.Thing, url string, real chaos.Answer) (chaos.Answer, chaos.Effect)
	// Link returns what is left of a viewer's link.
	Link(now time.Duration, t *chaos.Thing) (down int64, extra time.Duration, cut bool, marks chaos.Marks)
}
