package protocol

import (
	"slices"
	"time"
)

// drift is how much a clock may run faster or slower than another one: what NTP
// allows, parts in a million.
const drift = 500

// Offset is what is known of an agent's clock.
type Offset struct {
	Ahead time.Duration // conductor's clock - agent's clock
	Error time.Duration // the most that Ahead may be wrong
	RTT   time.Duration
}

type sample struct {
	Offset
	at time.Duration
}

// clockwork compares an agent's clock with the conductor's, which all instants are on.
type clockwork struct {
	samples []sample // of the last minute
	count   int      // so far
	sent    uint64   // number of the last probe
	asked   time.Duration
	waiting bool
}

// due reports whether it is time for a probe.
func (c *clockwork) due(now time.Duration) bool {
	switch {
	case c.sent == 0:
		return true
	case c.waiting:
		return now-c.asked >= LargeEvery
	}
	return c.count < FirstProbes || now-c.asked >= ProbeEvery
}

// ask numbers a probe that leaves now.
func (c *clockwork) ask(now time.Duration) uint64 {
	c.sent++
	c.asked, c.waiting = now, true
	return c.sent
}

// take takes the answer to the last probe, which came at an instant. Other answers say
// nothing, because only this one's departure is known.
func (c *clockwork) take(now time.Duration, r *reading) bool {
	rtt := (now - c.asked) - (r.T2 - r.T1)
	if !c.waiting || r.N != c.sent || r.T2 < r.T1 || rtt < 0 {
		return false
	}
	c.waiting = false
	c.count++
	c.samples = append(c.samples, sample{Offset{Ahead: c.asked + (now-c.asked)/2 - (r.T1 + (r.T2-r.T1)/2), Error: rtt/2 + 1, RTT: rtt}, now})
	c.samples = slices.DeleteFunc(c.samples, func(s sample) bool { return now-s.at > time.Minute })
	return true
}

// best is the sample with the least error now. An old one is worth less, because clocks drift.
func (c *clockwork) best(now time.Duration) (o Offset, ok bool) {
	for _, s := range c.samples {
		s.Error += max(0, now-s.at) * drift / 1e6
		if !ok || s.Error < o.Error {
			o, ok = s.Offset, true
		}
	}
	return o, ok
}
