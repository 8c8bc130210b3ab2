package fleet

import (
	"time"

	"hlsload/chaos"
	"hlsload/player"
)

// Sink takes what the players do. Join is called from any goroutine.
type Sink interface {
	Join(now time.Duration, who Who) Session
}

// Session takes the samples of one session, from one goroutine at a time. The
// sample and the meta are valid during the call only.
type Session interface {
	// Add takes a sample; m is nil but for answered ones.
	Add(s *player.Sample, m *Meta)
}

// Who says whose session begins.
type Who struct {
	Player  uint64
	Session int // of this viewer: 1, and one more after each rejoin
	Cohort  int // index in [Config.Audience].Cohorts
	Entry   int
	Profile string
}

// Meta is what is known of an answer beyond what the player sees.
type Meta struct {
	Marks   chaos.Marks // faults that touched it, at the target or on the viewer's side
	Pop     string      // point of presence, "" = unknown
	Cache   Cache
	Odd     OddHeader     // of a cache, when Cache is unknown
	Exact   bool          // Cache tells answers that joined a request from the one that caused it
	Layer   Layer         // who had the answer
	Fetched time.Duration // from asking the origin to its first byte, as Server-Timing tells; 0 = unknown
	Rewound bool          // a media playlist whose media sequence number is lower than it was
	URL     uint64        // a hash of what was asked for
	Host    string        // that was asked, with its port
	Hops    int           // redirects before the answer
	Control bool          // of a cohort without faults
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
