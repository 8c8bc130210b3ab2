package fleet

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Ceiling is what the whole fleet must not exceed; 0 = no limit. Reaching it
// halts the fleet: to hold players back instead would change what is measured.
type Ceiling struct {
	Requests  int64 // in any second, redirects included
	Bandwidth int64 // bit/s of bodies received, over any second
}

// errHalted is the end of a request that is not sent any more.
var errHalted = errors.New("the fleet was halted")

// slot is the grain of a second.
const slot = 100 * time.Millisecond

// ceiling counts a sliding second in slots. A nil one allows everything.
type ceiling struct {
	Ceiling
	trip func(reason string)

	mu      sync.Mutex
	at      time.Duration // index of the newest slot
	counts  [time.Second / slot]counts
	sums    counts
	tripped bool
}

type counts struct{ requests, bits int64 }

func newCeiling(c Ceiling, trip func(string)) *ceiling {
	if c == (Ceiling{}) {
		return nil
	}
	return &ceiling{Ceiling: c, trip: trip}
}

// advance forgets what is older than a second. c.mu must be held.
func (c *ceiling) advance(now time.Duration) *counts {
	at := max(now/slot, c.at)
	n := time.Duration(len(c.counts))
	for i := max(c.at+1, at-n+1); i <= at; i++ {
		old := &c.counts[i%n]
		c.sums.requests -= old.requests
		c.sums.bits -= old.bits
		*old = counts{}
	}
	c.at = at
	return &c.counts[at%n]
}

// request asks for one more request; it must not be sent when it would be over
// the ceiling.
func (c *ceiling) request(now time.Duration) error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	s := c.advance(now)
	over := c.tripped || c.Requests > 0 && c.sums.requests+1 > c.Requests
	if !over {
		s.requests++
		c.sums.requests++
		c.mu.Unlock()
		return nil
	}
	first := !c.tripped
	c.tripped = true
	c.mu.Unlock()
	if first {
		c.trip(fmt.Sprintf("ceiling reached: more than %d requests would have been sent within a second (requests: %d/s)", c.Requests, c.Requests))
	}
	return errHalted
}

// received counts n bytes of bodies.
func (c *ceiling) received(now time.Duration, n int64) {
	if c == nil || c.Bandwidth == 0 || n <= 0 {
		return
	}
	c.mu.Lock()
	s := c.advance(now)
	s.bits += 8 * n
	c.sums.bits += 8 * n
	first := !c.tripped && c.sums.bits > c.Bandwidth
	c.tripped = c.tripped || first
	sum := c.sums.bits
	c.mu.Unlock()
	if first {
		c.trip(fmt.Sprintf("ceiling reached: %.1f Mbit were received within a second (bandwidth: %.1f Mbit/s)", float64(sum)/1e6, float64(c.Bandwidth)/1e6))
	}
}
