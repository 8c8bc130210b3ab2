package rig

import (
	"cmp"
	"strings"
	"time"

	"hlsload/chaos"
)

// query is one request as caches and origin see it.
type query struct {
	id      ID
	channel bool // id means something
	key     uint64
	path    string

	// A part of a segment or of an initialization section. Caches ask for it
	// and keep it by itself, as CloudFront does.
	ranged bool
	part   stretch
	whole  ID // what it is a part of
}

// result is an answer, as it is kept and passed on.
type result struct {
	status   int
	object   *Object // of 200; nil = no body but an error's
	marks    chaos.Marks
	truncate bool
	from     time.Duration // when the origin made or confirmed it
	until    time.Duration // fresh before
	// otherwise is what until would be without edge.error_ttl, and changed the
	// fault; 0 = none held when it was stored.
	otherwise time.Duration
	changed   chaos.Marks
}

// holds reports whether a part of an object is in a copy of the whole.
func (r *result) holds(part stretch) bool {
	if r.status != 200 || r.object == nil {
		return false
	}
	_, n := part.of(r.object.Size)
	return n > 0
}

// how is the way in which a layer got a result.
type how uint8

const (
	missed    how = iota // nothing usable was there: fetched
	hit                  // fresh in the cache
	joined               // waited for another request's fetch
	refreshed            // expired, and the layer behind confirmed it
	stale                // expired, and served all the same because the layer behind failed
)

// exchange is a result and how a layer got it.
type exchange struct {
	result
	how       how
	wait      time.Duration // until the layer has its first byte
	passing   chaos.Marks   // faults that touched this exchange but not what is kept of it
	collapse  bool
	store     bool
	origin    bool // an origin request was made for it
	hang      bool
	confirmed bool // the origin answered 304
	expired   bool // an expired copy was there
	upstream  int  // status of the layer behind, when asked; 0 = never asked
	shield    report
}

// report is what a layer did, for its entry in Cache-Status.
type report struct {
	asked    bool
	how      how
	expired  bool
	upstream int
	wait     time.Duration
}

// idleAtLeast is for how long at least a cache keeps what is not asked for: a live
// segment leaves the playlists, and players do not come back for it. A CDN drops
// what is not popular as well.
const idleAtLeast = 5 * time.Minute

// cache is a shield or an edge: descriptors by path, the least recently used
// go first, and those that were not asked for in a long time. A fetch that is
// under way is part of its entry: its outcome is known when it starts, so nothing
// has to complete it.
type cache struct {
	rig     *Rig
	up      *cache // nil: the origin
	pop     int    // chaos.Any = the shield
	limit   int
	idle    time.Duration // 0 = what is not asked for stays
	entries map[uint64]*entry
	front   entry // ring: front.next is the most recently used
	flushes []time.Duration
}

// entry is what a cache knows under one key.
type entry struct {
	key        uint64
	path       string // of what is no thing of the channel
	id         ID
	ranged     bool
	part       stretch
	prev, next *entry

	has    bool
	copy   result
	stored time.Duration
	asked  time.Duration // for the last time

	filling bool
	due     time.Duration // when fill is there
	fill    exchange
}

// newCache returns an empty cache in front of up.
func newCache(r *Rig, up *cache, pop int) *cache {
	c := &cache{rig: r, up: up, pop: pop, limit: cmp.Or(r.cfg.Edge.Objects, 20_000), entries: map[uint64]*entry{}}
	if r.cfg.Playlist == Live {
		c.idle = max(idleAtLeast, 2*time.Duration(r.cfg.Keep)*r.cfg.Segment)
	}
	c.front.prev, c.front.next = &c.front, &c.front
	return c
}

// find returns the entry of q as of now, nil without one.
func (c *cache) find(now time.Duration, q *query) *entry {
	e := c.entries[q.key]
	if e == nil || !q.channel && e.path != q.path || e.ranged != q.ranged || q.ranged && (e.id != q.id || e.part != q.part) {
		return nil
	}
	if e.filling && e.due <= now {
		e.filling = false
		if e.fill.store {
			e.has, e.copy, e.stored = true, e.fill.result, e.due
		} else if e.fill.status/100 == 2 && !e.fill.truncate {
			e.has = false // it must not be kept, and what was there is superseded
		}
	}
	if e.has && len(c.flushes) > 0 && e.stored <= c.flushed(now) {
		e.has = false
	}
	e.asked = now
	if c.front.next != e {
		e.prev.next, e.next.prev = e.next, e.prev
		c.pushFront(e)
	}
	return e
}

// forgetFlushes forgets all flushes but the last before an instant.
func (c *cache) forgetFlushes(horizon time.Duration) {
	last := c.flushed(horizon)
	if c.flushes = c.flushes[:0]; last != never {
		c.flushes = append(c.flushes, last)
	}
}

// never is before the run.
const never = time.Duration(-1 << 62)

// flushed is the instant of the last flush; before the run without one.
func (c *cache) flushed(now time.Duration) time.Duration {
	last := never
	for _, t := range c.flushes {
		if t <= now {
			last = max(last, t)
		}
	}
	return last
}

func (c *cache) pushFront(e *entry) {
	e.prev, e.next = &c.front, c.front.next
	e.prev.next, e.next.prev = e, e
}

// add makes an entry. The oldest go when there is no room for it.
func (c *cache) add(now time.Duration, q *query) *entry {
	if old := c.entries[q.key]; old != nil {
		c.drop(old) // another path with the same hash
	}
	for len(c.entries) >= c.limit {
		c.drop(c.front.prev)
	}
	for old := c.front.prev; c.idle > 0 && old != &c.front && now-old.asked > c.idle; old = c.front.prev {
		c.drop(old)
	}
	e := &entry{key: q.key, asked: now, id: q.id, ranged: q.ranged, part: q.part}
	if !q.channel {
		e.path = strings.Clone(q.path)
	}
	c.entries[q.key] = e
	c.pushFront(e)
	return e
}

func (c *cache) drop(e *entry) {
	delete(c.entries, e.key)
	e.prev.next, e.next.prev = e.next, e.prev
}

// ask answers q: from the cache, by joining a fetch under way, or by asking the
// layer behind.
func (c *cache) ask(now time.Duration, q *query) exchange {
	e := c.find(now, q)
	if e != nil {
		if e.has && now < e.copy.until {
			x := exchange{result: e.copy, how: hit, store: true, collapse: true}
			if x.changed != 0 && now >= x.otherwise {
				x.passing = x.changed // it would have been asked for again by now
			}
			return x
		}
		if e.filling && e.fill.collapse && c.rig.cfg.Edge.Collapse {
			x := e.fill
			x.how, x.wait, x.origin, x.shield = joined, e.due-now, false, report{}
			return x
		}
	}
	if q.ranged {
		if e := c.find(now, &query{id: q.whole, channel: true, key: q.whole.key()}); e != nil && e.has && now < e.copy.until && e.copy.holds(q.part) {
			return exchange{result: e.copy, how: hit, store: true, collapse: true}
		}
	}
	var expired *result
	if e != nil && e.has {
		expired = &e.copy
	}
	x := c.forward(now, q, expired)
	if e == nil {
		if !x.store && !x.collapse {
			return x
		}
		e = c.add(now, q)
	}
	if !e.filling {
		// Without collapsing, or where it is forbidden, an answer that comes
		// while another is on its way is passed on and not kept.
		e.filling, e.due, e.fill = true, now+x.wait, x
	}
	return x
}

// forward asks the layer behind and applies the rules to its answer. expired
// is the copy that ran out, or nil.
func (c *cache) forward(now time.Duration, q *query, expired *result) exchange {
	var x exchange
	if c.up != nil {
		x = c.up.ask(now, q)
		x.shield = report{true, x.how, x.expired, x.upstream, x.wait}
		x.wait += c.rig.cfg.Edge.Latency
		x.confirmed = false
	} else {
		x = c.rig.fetch(now, q, expired)
		if timeout := c.rig.timeout; x.hang || x.wait > timeout {
			x.hang, x.wait = false, timeout
			x.result = result{status: 504, marks: x.marks | x.passing}
		}
		ready := now + x.wait
		var con control
		if x.object != nil {
			con = x.object.control
		}
		policy, fault := c.rig.policyAt(now)
		v := policy.judge(x.status, con)
		x.store, x.collapse, x.from, x.until = v.store, v.collapse, ready, ready+v.ttl
		x.otherwise, x.changed = ready+c.rig.policy.judge(x.status, con).ttl, fault
	}
	x.how, x.expired, x.upstream = missed, expired != nil, x.status
	if x.confirmed {
		x.upstream = 304
	}
	switch {
	case expired == nil || expired.status != 200:
	case x.status == 200 && x.object != nil && expired.object != nil && x.object.ETag == expired.object.ETag:
		x.how = refreshed
	case x.status >= 500 && !(expired.object != nil && expired.object.control.noStaleError):
		// "If the object is in the cache but has expired, CloudFront serves
		// the expired object for the error caching minimum TTL."
		marks := expired.marks
		if c.rig.outdated(now, q, expired) {
			marks |= x.marks
		}
		ready := now + x.wait
		x.result = *expired
		policy, fault := c.rig.policyAt(now)
		x.marks, x.until = marks, ready+policy.err
		x.otherwise, x.changed = ready+c.rig.policy.err, fault
		x.how, x.store, x.collapse = stale, true, true
	}
	if x.truncate {
		x.store = false // incomplete answers are not kept (RFC 9111 section 3.3)
	}
	if x.object == nil && x.status/100 == 2 {
		x.store = false // an answer that a fault made up
	}
	return x
}
