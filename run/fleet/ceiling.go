package fleet

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/reports/figure"
	"hlsload/run/client"
)

// Ceiling is the load that the whole fleet must not exceed; 0 = no limit. Reaching it
// halts the fleet. To delay players instead would change what is measured.
type Ceiling struct {
	Requests  int64 // in any second, redirects included
	Bandwidth int64 // bit/s of bodies received, over any second
	Bytes     int64 // of bodies received in the whole run
	// Parts is how many fleets share what the user allows, each with a part of it; 0 and 1 = all
	// is for this one.
	Parts int

	// Total and Bits bound the requests and the bits of bodies of the whole fleet,
	// Hosts the requests to a host, by its name in lower case; the zero value is no
	// bound. They hold once a host is not local (see [Config.Cautious]).
	Total, Bits Bound
	Hosts       map[string]Bound
	Elsewhere   Bound // of each host that is not in Hosts
}

// Bound is exceeded when a rate is above both Peak over 5 s and Floor over 10 s. The
// zero value is no bound.
type Bound struct {
	Peak, Floor float64 // per second
	Why         string  // where they come from and how to raise them
}

func (b *Bound) zero() bool { return b.Peak == 0 && b.Floor == 0 }

// errHalted is the error of a request that is not sent because the fleet was halted.
var errHalted = errors.New("the fleet was halted")

// slot is the resolution of a window.
const slot = 100 * time.Millisecond

// The windows.
const (
	peakWindow  = 5 * time.Second
	floorWindow = 10 * time.Second
)

// maxCountedHosts bounds the hosts that are counted one by one. All further hosts are
// counted as one.
const maxCountedHosts = 256

// window counts in slots of the last 10 s. The zero value has counted nothing.
type window struct {
	at     time.Duration // index of the newest slot
	counts [floorWindow / slot]int64
}

// add counts n at now.
func (w *window) add(now time.Duration, n int64) {
	at := max(now/slot, w.at)
	size := time.Duration(len(w.counts))
	for i := max(w.at+1, at-size+1); i <= at; i++ {
		w.counts[i%size] = 0
	}
	w.at = at
	w.counts[at%size] += n
}

// sum is what was counted within the last d, as of the last add.
func (w *window) sum(d time.Duration) (n int64) {
	size := time.Duration(len(w.counts))
	for i := max(w.at-d/slot+1, 0); i <= w.at; i++ {
		n += w.counts[i%size]
	}
	return n
}

// ceiling counts the load of a fleet. A nil one allows everything.
type ceiling struct {
	Ceiling
	trip func(reason string)
	// foreign is true once a host is not local; nil = always.
	foreign *atomic.Bool

	mu             sync.Mutex
	requests, bits window
	hosts          map[string]*window
	total          int64 // bytes received
	announced      int64 // bytes of bodies in flight that have not been received
	tripped        bool
}

func newCeiling(c Ceiling, foreign *atomic.Bool, trip func(string)) *ceiling {
	if c.Requests == 0 && c.Bandwidth == 0 && c.Bytes == 0 && c.Total.zero() && c.Bits.zero() && c.Elsewhere.zero() && len(c.Hosts) == 0 {
		return nil
	}
	return &ceiling{Ceiling: c, trip: trip, foreign: foreign, hosts: map[string]*window{}}
}

// bounded reports whether the bounds hold, because a host is not local.
func (c *ceiling) bounded() bool { return c.foreign == nil || c.foreign.Load() }

// request counts a request that is about to be sent. After an error it must not be
// sent.
func (c *ceiling) request(now time.Duration, url string) error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	if c.tripped {
		c.mu.Unlock()
		return errHalted
	}
	why := c.count(now, url)
	c.tripped = why != ""
	c.mu.Unlock()
	if why == "" {
		return nil
	}
	c.trip("ceiling reached: " + why)
	return errHalted
}

// count counts a request and says which ceiling it exceeds; "" = none. c.mu must be
// held.
func (c *ceiling) count(now time.Duration, url string) string {
	c.requests.add(now, 1)
	if c.Requests > 0 && c.requests.sum(time.Second) > c.Requests {
		return fmt.Sprintf("more than %d requests would have been sent within a second (requests: %d/s%s)", c.Requests, c.Requests, c.part())
	}
	if !c.bounded() {
		return ""
	}
	if peak, floor, over := c.Total.over(&c.requests); over {
		return fmt.Sprintf("%d requests within 5 s (%.0f/s) and %d within 10 s (%.0f/s); %s", peak, rate(peak, peakWindow), floor, rate(floor, floorWindow), c.Total.Why)
	}
	if len(c.Hosts) == 0 && c.Elsewhere.zero() {
		return ""
	}
	host := client.HostName(url)
	bound, ok := c.Hosts[host]
	if !ok {
		bound = c.Elsewhere
	}
	w := c.hosts[host]
	if w == nil && len(c.hosts) >= maxCountedHosts {
		host = ""
		w = c.hosts[host]
	}
	if w == nil {
		w = new(window)
		c.hosts[host] = w
	}
	w.add(now, 1)
	if peak, floor, over := bound.over(w); over {
		return fmt.Sprintf("%d requests to %s within 5 s (%.0f/s) and %d within 10 s (%.0f/s); %s", peak, host, rate(peak, peakWindow), floor, rate(floor, floorWindow), bound.Why)
	}
	return ""
}

// part says that a ceiling is a part of what the user wrote.
func (c *ceiling) part() string {
	if c.Parts < 2 {
		return ""
	}
	return fmt.Sprintf(", the part of one of %d agents", c.Parts)
}

// over reports whether a window exceeds a bound, and its counts.
func (b *Bound) over(w *window) (peak, floor int64, over bool) {
	if b.zero() {
		return 0, 0, false
	}
	if peak = w.sum(peakWindow); rate(peak, peakWindow) <= b.Peak {
		return 0, 0, false
	}
	floor = w.sum(floorWindow)
	return peak, floor, rate(floor, floorWindow) > b.Floor
}

func rate(n int64, d time.Duration) float64 { return float64(n) / d.Seconds() }

// received counts n bytes of bodies.
func (c *ceiling) received(now time.Duration, n int64) {
	if c == nil || n <= 0 {
		return
	}
	c.mu.Lock()
	c.total += n
	c.bits.add(now, 8*n)
	why := ""
	if !c.tripped {
		why = c.tooMuch()
		c.tripped = why != ""
	}
	c.mu.Unlock()
	if why != "" {
		c.trip("ceiling reached: " + why)
	}
}

// tooMuch says which ceiling the received bytes exceed; "" = none. c.mu must be held.
func (c *ceiling) tooMuch() string {
	if sum := c.bits.sum(time.Second); c.Bandwidth > 0 && sum > c.Bandwidth {
		return fmt.Sprintf("%.1f Mbit were received within a second (bandwidth: %.1f Mbit/s%s)", float64(sum)/1e6, float64(c.Bandwidth)/1e6, c.part())
	}
	if c.Bytes > 0 && c.total >= c.Bytes {
		return fmt.Sprintf("%s of bodies were received (limits.bytes: %s%s); up to %s more were on their way", figure.Size(c.total), figure.Size(c.Bytes), c.part(), figure.Size(c.announced))
	}
	if peak, floor, over := c.Bits.over(&c.bits); over && c.bounded() {
		return fmt.Sprintf("%.1f Mbit/s of bodies over 5 s and %.1f Mbit/s over 10 s; %s", rate(peak, peakWindow)/1e6, rate(floor, floorWindow)/1e6, c.Bits.Why)
	}
	return ""
}

// inFlight is the rest of an announced body.
type inFlight struct {
	c    *ceiling
	left int64
}

// begin counts a body in flight; size < 0 = its length was not announced. end must be
// called.
func (c *ceiling) begin(size int64) inFlight {
	b := inFlight{c, max(size, 0)}
	if c != nil && b.left > 0 {
		c.mu.Lock()
		c.announced += b.left
		c.mu.Unlock()
	}
	return b
}

// got counts n received bytes of the body.
func (b *inFlight) got(now time.Duration, n int64) {
	b.less(n)
	b.c.received(now, n)
}

// end ends the count: no more bytes arrive.
func (b *inFlight) end() { b.less(b.left) }

func (b *inFlight) less(n int64) {
	if n = min(n, b.left); b.c == nil || n <= 0 {
		return
	}
	b.left -= n
	b.c.mu.Lock()
	b.c.announced -= n
	b.c.mu.Unlock()
}
