package fleet

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/run/client"
)

// Ceiling is what the whole fleet must not exceed; 0 = no limit. Reaching it
// halts the fleet: to hold players back instead would change what is measured.
type Ceiling struct {
	Requests  int64 // in any second, redirects included
	Bandwidth int64 // bit/s of bodies received, over any second
	Bytes     int64 // of bodies received in the whole run

	// Total and Bits bound requests and bits of bodies of the whole fleet, Hosts
	// the requests to a host, by name in lower case; the zero value does not.
	// They are the ceilings that hold when the scenario names none, as soon as a
	// host is not local (see [Config.Cautious]).
	Total, Bits Bound
	Hosts       map[string]Bound
	Elsewhere   Bound // of each host that Hosts does not have
}

// Bound is reached when a rate is above both: Peak over 5 s, Floor over 10 s.
// The zero value is none.
type Bound struct {
	Peak, Floor float64 // a second
	Why         string  // where they come from and what raises them
}

func (b *Bound) zero() bool { return b.Peak == 0 && b.Floor == 0 }

// errHalted is the end of a request that is not sent any more.
var errHalted = errors.New("the fleet was halted")

// slot is the grain of a window.
const slot = 100 * time.Millisecond

// The windows.
const (
	peakWindow  = 5 * time.Second
	floorWindow = 10 * time.Second
)

// maxCountedHosts bounds the hosts that are counted one by one; what comes after is
// counted together.
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

// ceiling counts what a fleet does. A nil one allows everything.
type ceiling struct {
	Ceiling
	trip func(reason string)
	// foreign says that a host is not local; nil = one is.
	foreign *atomic.Bool

	mu             sync.Mutex
	requests, bits window
	hosts          map[string]*window
	total          int64 // bytes received
	announced      int64 // bytes of bodies that are under way and have not been received
	tripped        bool
}

func newCeiling(c Ceiling, foreign *atomic.Bool, trip func(string)) *ceiling {
	if c.Requests == 0 && c.Bandwidth == 0 && c.Bytes == 0 && c.Total.zero() && c.Bits.zero() && c.Elsewhere.zero() && len(c.Hosts) == 0 {
		return nil
	}
	return &ceiling{Ceiling: c, trip: trip, foreign: foreign, hosts: map[string]*window{}}
}

// abroad reports whether the ceilings hold that the scenario does not name.
func (c *ceiling) abroad() bool { return c.foreign == nil || c.foreign.Load() }

// request asks for one more request; it must not be sent when it would be over
// the ceiling.
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

// count counts a request; it says why that is one too many. c.mu must be held.
func (c *ceiling) count(now time.Duration, url string) string {
	c.requests.add(now, 1)
	if c.Requests > 0 && c.requests.sum(time.Second) > c.Requests {
		return fmt.Sprintf("more than %d requests would have been sent within a second (requests: %d/s)", c.Requests, c.Requests)
	}
	if !c.abroad() {
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

// over reports whether a window is above a bound, and what it has.
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

// tooMuch says why what was received is too much. c.mu must be held.
func (c *ceiling) tooMuch() string {
	if sum := c.bits.sum(time.Second); c.Bandwidth > 0 && sum > c.Bandwidth {
		return fmt.Sprintf("%.1f Mbit were received within a second (bandwidth: %.1f Mbit/s)", float64(sum)/1e6, float64(c.Bandwidth)/1e6)
	}
	if c.Bytes > 0 && c.total >= c.Bytes {
		return fmt.Sprintf("%s of bodies were received (limits.bytes: %s); up to %s more were under way", bytesText(c.total), bytesText(c.Bytes), bytesText(c.announced))
	}
	if peak, floor, over := c.Bits.over(&c.bits); over && c.abroad() {
		return fmt.Sprintf("%.1f Mbit/s of bodies over 5 s and %.1f Mbit/s over 10 s; %s", rate(peak, peakWindow)/1e6, rate(floor, floorWindow)/1e6, c.Bits.Why)
	}
	return ""
}

// bytesText is a number of bytes for people.
func bytesText(n int64) string {
	for _, u := range []struct {
		name string
		of   float64
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if float64(n) >= u.of {
			return fmt.Sprintf("%.4g %s", float64(n)/u.of, u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

// coming is what is still to come of a body that was announced.
type coming struct {
	c    *ceiling
	left int64
}

// begin counts a body that is under way; size < 0 = it was not announced how
// long it is. It must be ended.
func (c *ceiling) begin(size int64) coming {
	b := coming{c, max(size, 0)}
	if c != nil && b.left > 0 {
		c.mu.Lock()
		c.announced += b.left
		c.mu.Unlock()
	}
	return b
}

// got counts n bytes of it that were received.
func (b *coming) got(now time.Duration, n int64) {
	b.less(n)
	b.c.received(now, n)
}

// end ends the count: no more of it comes.
func (b *coming) end() { b.less(b.left) }

func (b *coming) less(n int64) {
	if n = min(n, b.left); b.c == nil || n <= 0 {
		return
	}
	b.left -= n
	b.c.mu.Lock()
	b.c.announced -= n
	b.c.mu.Unlock()
}
