package cdn

import (
	"bytes"
	"strconv"
	"time"
)

// Headers collects what the headers of one answer say about the caches that it
// came through. The zero value is ready. Header fields come in any order, so they
// are only noted, and [Headers.Outcome] decides.
type Headers struct {
	pop string // X-Amz-Cf-Pop, or the cdn-pop of Server-Timing

	timing   Cache         // Server-Timing of CloudFront: cdn-cache-hit, -refresh, -miss
	upstream bool          // Server-Timing: cdn-upstream-layer
	layer    Layer         // Server-Timing: cdn-hit-layer
	fetched  time.Duration // Server-Timing: cdn-upstream-fbl; 0 = not said

	status     Cache // Cache-Status (RFC 9211)
	hasStatus  bool  // Cache-Status was there
	xCache     Cache
	cloudFront bool  // X-Cache is of CloudFront
	isError    bool  // X-Cache: Error from cloudfront
	vendor     Cache // the other headers of caches, and cdn-cache of Server-Timing
	lookup     Cache // X-Cache-Lookup
	odd        OddHeader
	aged       bool // Age was there
	passed     bool // Via was there
	s3         bool // X-Amz-Request-Id was there
}

// Note takes one header field. Names are compared without case.
func (h *Headers) Note(name, value []byte) {
	switch len(name) {
	case 3:
		switch {
		case is(name, "via"):
			h.passed = true
		case is(name, "age"):
			h.aged = true
		}
	case 9:
		if is(name, "x-varnish") { // one transaction: miss; two: hit
			c := CacheMiss
			if bytes.IndexByte(value, ' ') > 0 {
				c = CacheHit
			}
			h.vendor = least(h.vendor, c)
		}
	case 12:
		switch {
		case is(name, "x-amz-cf-pop"):
			h.pop = popName(value)
		case is(name, "cache-status"):
			h.noteStatus(value)
		}
	case 13:
		if is(name, "server-timing") {
			if pop := h.noteTiming(value); pop != nil && h.pop == "" {
				h.pop = popName(pop)
			}
		}
	case 16:
		switch {
		case is(name, "x-amz-request-id"):
			h.s3 = true
		case is(name, "x-hcs-proxy-type"):
			h.noteCacheHeader(name, value)
		}
	}
	if has(name, "cache") {
		h.noteCacheHeader(name, value)
	}
}

// Outcome decides what the noted headers mean together.
func (h *Headers) Outcome() Outcome {
	o := Outcome{Cache: h.cache(), Pop: h.pop, Fetched: h.fetched, Exact: h.hasStatus}
	switch {
	case o.Cache == CacheUnknown:
		o.Odd = h.odd
		o.Layer = h.layer
	case o.Cache >= CacheRevalidated:
		o.Layer = LayerOrigin
	case o.Cache == CacheJoined:
		o.Layer = LayerJoined
	case h.layer != LayerUnknown:
		o.Layer = h.layer
	default:
		o.Layer = LayerCache
	}
	return o
}

// cache reports what the caches did. The first of these that is present decides:
//
//  1. Server-Timing of CloudFront, which adds cdn-upstream-layer to the answers
//     for which it fetched the whole object from the origin; a refresh has asked
//     there in any case, unless cdn-hit-layer names a layer that had it. A miss
//     without cdn-upstream-layer has waited for another viewer's request;
//     Cache-Status says that of a hit or a refresh, too.
//  2. X-Cache of CloudFront, because a Cache-Status beside it was written by a
//     cache in front of the origin and may be as old as the copy. An error in
//     it came out of the cache if it has an Age.
//  3. Cache-Status, hop by hop.
//  4. X-Cache of others and the headers of single vendors: a hit in one of them
//     is a hit. Then X-Cache-Lookup.
//  5. S3's own request id without any sign of a cache: the origin has answered.
//
// Age alone proves a cache but its absence proves nothing (RFC 9111 5.1), so it
// decides nothing by itself.
func (h *Headers) cache() Cache {
	switch {
	case h.upstream && h.timing == CacheRevalidated:
		return CacheRevalidated
	case h.upstream:
		return CacheMiss
	case h.timing == CacheMiss, h.timing != CacheUnknown && h.status == CacheJoined:
		return CacheJoined
	case h.timing == CacheRevalidated && h.layer == LayerUnknown:
		return CacheRevalidated
	case h.timing != CacheUnknown:
		return CacheHit
	case h.isError && h.aged:
		return CacheHit
	case h.isError:
		return CacheMiss
	case h.cloudFront && h.xCache != CacheUnknown:
		return h.xCache
	case h.status != CacheUnknown:
		return h.status
	case h.xCache != CacheUnknown || h.vendor != CacheUnknown:
		return least(h.xCache, h.vendor)
	case h.lookup != CacheUnknown:
		return h.lookup
	case h.s3 && !h.aged && !h.passed && !h.hasStatus:
		return CacheMiss
	}
	return CacheUnknown
}

func layerNamed(desc []byte) Layer {
	switch {
	case is(desc, "edge"):
		return LayerEdge
	case is(desc, "rec"):
		return LayerRegional
	case is(desc, "origin shield"):
		return LayerShield
	}
	return LayerCache
}

// noteXCache takes a member of X-Cache, which caches append to, and what it
// means.
func (h *Headers) noteXCache(v []byte, c Cache, ok bool) {
	cloudFront := has(v, "cloudfront")
	h.cloudFront = h.cloudFront || cloudFront
	switch {
	case has(v, "error from"):
		h.isError = true
	case !ok:
		h.strange([]byte("X-Cache"), v)
	case cloudFront && c == CacheRevalidated:
		h.xCache = c // what stands beside it may be as old as the copy
	default:
		h.xCache = least(h.xCache, c)
	}
}

// noteStatus takes Cache-Status. Caches append themselves, the one nearest to
// the viewer last. A hit ends the walk: what stands before it was said when the
// copy was made. So does a request that joined another one.
func (h *Headers) noteStatus(v []byte) {
	h.hasStatus = true
	type hop struct{ hit, forwarded, collapsed, unchanged bool }
	var walk [8]hop // more hops than any CDN has
	n := 0
	for range maxMembers {
		_, params, rest := member(v)
		if rest == nil {
			break
		}
		if v = rest; n == len(walk) {
			copy(walk[:], walk[1:])
			n--
		}
		m := hop{}
		for len(params) > 0 {
			var key, value []byte
			key, value, params = parameter(params)
			switch {
			case is(key, "hit"):
				m.hit = !is(value, "?0")
			case is(key, "fwd"):
				m.forwarded = true
			case is(key, "collapsed"):
				m.collapsed = !is(value, "?0")
			case is(key, "fwd-status"):
				m.unchanged = is(value, "304")
			}
		}
		walk[n] = m
		n++
	}
	for i := n - 1; i >= 0; i-- {
		switch m := &walk[i]; {
		case m.hit:
			h.status = CacheHit
			return
		case m.collapsed:
			h.status = CacheJoined
			return
		case m.forwarded && m.unchanged:
			h.status = CacheRevalidated
		case m.forwarded:
			h.status = CacheMiss
		}
	}
}

// noteTiming takes Server-Timing and returns the POP that it names, nil for
// none.
func (h *Headers) noteTiming(v []byte) (pop []byte) {
	for range maxMembers {
		name, params, rest := member(v)
		if rest == nil {
			break
		}
		if v = rest; !has(name[:min(4, len(name))], "cdn-") {
			continue
		}
		var desc, dur []byte
		for len(params) > 0 {
			var key, value []byte
			key, value, params = parameter(params)
			switch { // the first of a name counts (Server Timing 3.1)
			case is(key, "desc") && desc == nil:
				desc = value
			case is(key, "dur") && dur == nil:
				dur = value
			}
		}
		switch {
		case is(name, "cdn-cache-hit"):
			h.timing = CacheHit
		case is(name, "cdn-cache-refresh"):
			h.timing = CacheRevalidated
		case is(name, "cdn-cache-miss"):
			h.timing = CacheMiss
		case is(name, "cdn-upstream-layer"):
			h.upstream = true
		case is(name, "cdn-hit-layer"):
			h.layer = layerNamed(desc)
		case is(name, "cdn-upstream-fbl"):
			if ms, err := strconv.ParseFloat(string(dur), 64); err == nil && ms >= 0 && ms < 3600e3 {
				h.fetched = time.Duration(ms * float64(time.Millisecond))
			}
		case is(name, "cdn-pop"):
			pop = desc
		case is(name, "cdn-cache"): // Akamai
			switch {
			case has(desc, "refresh"), has(desc, "reval"):
				h.vendor = least(h.vendor, CacheRevalidated)
			case has(desc, "hit"):
				h.vendor = least(h.vendor, CacheHit)
			case has(desc, "miss"):
				h.vendor = least(h.vendor, CacheMiss)
			}
		}
	}
	return pop
}
