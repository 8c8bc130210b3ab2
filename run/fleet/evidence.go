package fleet

import (
	"bytes"
	"strconv"
	"time"
)

// Cache is what the headers of an answer say about the caches it came through.
type Cache uint8

// What they can say.
const (
	CacheUnknown     Cache = iota // nothing
	CacheHit                      // answered without the origin
	CacheJoined                   // waited for a request to the origin that somebody else caused
	CacheRevalidated              // the origin was asked and said: unchanged
	CacheMiss                     // the origin was asked and sent the answer
)

// evidence is what the headers of an answer say about whether the origin was
// asked for it. Header fields come in any order, so each notes what it says,
// and [evidence.cache] weighs them.
type evidence struct {
	timing   Cache         // Server-Timing of CloudFront: cdn-cache-hit, -refresh, -miss
	upstream bool          // Server-Timing: cdn-upstream-layer
	layer    Layer         // Server-Timing: cdn-hit-layer
	fetched  time.Duration // Server-Timing: cdn-upstream-fbl; 0 = not said

	status     Cache // Cache-Status (RFC 9211)
	told       bool  // Cache-Status was there
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

// cache tells whether the origin was asked. The first that speaks wins:
//
//  1. Server-Timing of CloudFront, which adds cdn-upstream-layer to the answers
//     for which it fetched the whole object from the origin; a refresh has asked
//     there in any case, unless cdn-hit-layer names a layer that had it. A miss without cdn-upstream-layer has waited for somebody
//     else's request; Cache-Status tells that of a hit or a refresh, too.
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
func (e *evidence) cache() Cache {
	switch {
	case e.upstream && e.timing == CacheRevalidated:
		return CacheRevalidated
	case e.upstream:
		return CacheMiss
	case e.timing == CacheMiss, e.timing != CacheUnknown && e.status == CacheJoined:
		return CacheJoined
	case e.timing == CacheRevalidated && e.layer == LayerUnknown:
		return CacheRevalidated
	case e.timing != CacheUnknown:
		return CacheHit
	case e.isError && e.aged:
		return CacheHit
	case e.isError:
		return CacheMiss
	case e.cloudFront && e.xCache != CacheUnknown:
		return e.xCache
	case e.status != CacheUnknown:
		return e.status
	case e.xCache != CacheUnknown || e.vendor != CacheUnknown:
		return least(e.xCache, e.vendor)
	case e.lookup != CacheUnknown:
		return e.lookup
	case e.s3 && !e.aged && !e.passed && !e.told:
		return CacheMiss
	}
	return CacheUnknown
}

// Layer is who had an answer.
type Layer uint8

// The layers between viewers and origin, CloudFront's by the names that its
// Server-Timing has for them.
const (
	LayerUnknown  Layer = iota
	LayerEdge           // EDGE
	LayerRegional       // REC, a regional edge cache
	LayerShield         // Origin Shield
	LayerCache          // some cache
	LayerJoined         // nobody yet: it waited for a request that somebody else caused
	LayerOrigin         // the origin was asked
)

// answeredBy tells which layer had the answer.
func (e *evidence) answeredBy() Layer {
	switch c := e.cache(); {
	case c >= CacheRevalidated:
		return LayerOrigin
	case c == CacheJoined:
		return LayerJoined
	case e.layer != LayerUnknown:
		return e.layer
	case c == CacheHit:
		return LayerCache
	}
	return LayerUnknown
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
func (e *evidence) noteXCache(v []byte, c Cache, ok bool) {
	cloudFront := has(v, "cloudfront")
	e.cloudFront = e.cloudFront || cloudFront
	switch {
	case has(v, "error from"):
		e.isError = true
	case !ok:
		e.strange([]byte("X-Cache"), v)
	case cloudFront && c == CacheRevalidated:
		e.xCache = c // what stands beside it may be as old as the copy
	default:
		e.xCache = least(e.xCache, c)
	}
}

// noteStatus takes Cache-Status. Caches append themselves, the one nearest to
// the viewer last. A hit ends the walk: what stands before it was said when the
// copy was made. So does a request that joined another one.
func (e *evidence) noteStatus(v []byte) {
	e.told = true
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
			e.status = CacheHit
			return
		case m.collapsed:
			e.status = CacheJoined
			return
		case m.forwarded && m.unchanged:
			e.status = CacheRevalidated
		case m.forwarded:
			e.status = CacheMiss
		}
	}
}

// noteTiming takes Server-Timing and returns the POP that it names, nil for
// none.
func (e *evidence) noteTiming(v []byte) (pop []byte) {
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
			e.timing = CacheHit
		case is(name, "cdn-cache-refresh"):
			e.timing = CacheRevalidated
		case is(name, "cdn-cache-miss"):
			e.timing = CacheMiss
		case is(name, "cdn-upstream-layer"):
			e.upstream = true
		case is(name, "cdn-hit-layer"):
			e.layer = layerNamed(desc)
		case is(name, "cdn-upstream-fbl"):
			if ms, err := strconv.ParseFloat(string(dur), 64); err == nil && ms >= 0 && ms < 3600e3 {
				e.fetched = time.Duration(ms * float64(time.Millisecond))
			}
		case is(name, "cdn-pop"):
			pop = desc
		case is(name, "cdn-cache"): // Akamai
			switch {
			case has(desc, "refresh"), has(desc, "reval"):
				e.vendor = least(e.vendor, CacheRevalidated)
			case has(desc, "hit"):
				e.vendor = least(e.vendor, CacheHit)
			case has(desc, "miss"):
				e.vendor = least(e.vendor, CacheMiss)
			}
		}
	}
	return pop
}

// maxMembers bounds what is read of a list in a header.
const maxMembers = 100

// member takes the first member off a list of names with parameters: the syntax
// that Server-Timing and Cache-Status (RFC 8941 3.1) share,
// name;key=value;key, … with quoted strings for names and values. Nothing is
// refused. The name is empty for what has none; rest is nil at the end.
func member(list []byte) (name, params, rest []byte) {
	list = bytes.TrimLeft(list, " \t,")
	if len(list) == 0 {
		return nil, nil, nil
	}
	end := unquoted(list, ',')
	m := list[:end]
	at := unquoted(m, ';')
	return unquote(m[:at]), m[at:], list[end:]
}

// parameter takes the first parameter off what follows a member's name; its
// value is empty when it has none.
func parameter(params []byte) (key, value, rest []byte) {
	if len(params) == 0 {
		return nil, nil, nil
	}
	params = params[1:] // the semicolon
	end := unquoted(params, ';')
	key, value, _ = bytes.Cut(params[:end], []byte("="))
	return bytes.TrimSpace(key), unquote(value), params[end:]
}

// unquoted is the index of the first c outside of a quoted string, or the
// length.
func unquoted(b []byte, c byte) int {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '"':
			quoted = !quoted
		case quoted && b[i] == '\\':
			i++
		case !quoted && b[i] == c:
			return i
		}
	}
	return len(b)
}

// unquote takes white space and quotation marks off. Escapes stay: no name that
// matters has any.
func unquote(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '"' {
		b = bytes.TrimSuffix(b[1:], []byte{'"'})
	}
	return b
}
