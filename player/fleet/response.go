package fleet

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"

	"hlsload/chaos"
)

// FaultsHeader names the header in which the embedded rig tells which faults
// touched an answer: [chaos.Marks] as a hexadecimal number.
const FaultsHeader = "Hlsload-Faults"

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

// Response is the head of an answer: what players and reports want of it.
type Response struct {
	Status    int
	Size      int64 // Content-Length; -1 = not announced
	Body      Body
	Encoding  string // Content-Encoding; "" = identity
	Location  string
	SetCookie []string
	Marks     chaos.Marks
	Pop       string // X-Amz-Cf-Pop, or the cdn-pop of Server-Timing

	xCache   Cache
	timing   Cache // what Server-Timing says
	told     bool  // Cache-Status was there, which says who joined (RFC 9211)
	joined   bool  // it says so of this answer
	aged     bool  // Age was there
	isError  bool  // X-Cache: Error from cloudfront
	upstream bool  // Server-Timing: cdn-upstream-layer
}

// Cache tells from the headers whether the origin was asked. Server-Timing says
// so exactly: CloudFront adds cdn-upstream-layer when it went upstream. X-Cache
// comes next; an error in it was cached if it has an Age.
func (r *Response) Cache() Cache {
	switch {
	case r.upstream && r.timing == CacheRevalidated:
		return CacheRevalidated
	case r.upstream:
		return CacheMiss
	case r.joined && (r.timing != CacheUnknown || r.xCache == CacheUnknown):
		return CacheJoined
	case r.timing != CacheUnknown:
		return CacheHit
	case r.isError && r.aged:
		return CacheHit
	case r.isError:
		return CacheMiss
	}
	return r.xCache
}

// note takes one header field. Names are compared without case.
func (r *Response) note(name, value []byte) {
	switch len(name) {
	case 3:
		if is(name, "age") {
			r.aged = true
		}
	case 7:
		if is(name, "x-cache") {
			r.noteXCache(value)
		}
	case 8:
		if is(name, "location") {
			r.Location = string(value)
		}
	case 9:
		if is(name, "x-varnish") && r.xCache == CacheUnknown { // one transaction: miss; two: hit
			r.xCache = CacheMiss
			if bytes.IndexByte(value, ' ') > 0 {
				r.xCache = CacheHit
			}
		}
	case 10:
		if is(name, "set-cookie") && len(r.SetCookie) < 64 {
			r.SetCookie = append(r.SetCookie, string(value))
		}
	case 12:
		switch {
		case is(name, "x-amz-cf-pop"):
			r.Pop = popName(value)
		case is(name, "cache-status"):
			r.told = true
			r.joined = r.joined || bytes.Contains(value, []byte(";collapsed"))
		}
	case 13:
		if is(name, "server-timing") {
			r.noteTiming(value)
		}
	case 14:
		if is(name, "hlsload-faults") {
			if m, err := strconv.ParseUint(string(value), 16, 64); err == nil {
				r.Marks |= chaos.Marks(m)
			}
		}
	case 16:
		if is(name, "content-encoding") && !is(value, "identity") {
			r.Encoding = string(bytes.ToLower(value))
		}
	}
}

func (r *Response) noteXCache(v []byte) {
	switch {
	case has(v, "refreshhit"):
		r.xCache = CacheRevalidated
	case has(v, "error from"):
		r.isError = true
	case has(v, "hit"):
		r.xCache = CacheHit
	case has(v, "miss"):
		r.xCache = CacheMiss
	}
}

func (r *Response) noteTiming(v []byte) {
	switch {
	case has(v, "cdn-cache-refresh"):
		r.timing = CacheRevalidated
	case has(v, "cdn-cache-miss"):
		r.timing = CacheMiss
	case has(v, "cdn-cache-hit"):
		r.timing = CacheHit
	}
	if has(v, "cdn-upstream-layer") {
		r.upstream = true
	}
	const pop = `cdn-pop;desc="`
	if i := bytes.Index(v, []byte(pop)); i >= 0 && r.Pop == "" {
		v = v[i+len(pop):]
		if end := bytes.IndexByte(v, '"'); end > 0 {
			r.Pop = popName(v[:end])
		}
	}
}

// popName takes the name of a point of presence as CloudFront has them: three
// letters and a number, and perhaps a cluster, as in FRA56-P4. It is shown and
// stored, so nothing else that a server may send for one is taken.
func popName(v []byte) string {
	name, cluster, ok := bytes.Cut(v, []byte("-"))
	if !lettered(name, 3) || ok && !lettered(cluster, 1) {
		return "odd"
	}
	return intern(v)
}

// lettered tells whether v is so many capitals and then a short number.
func lettered(v []byte, letters int) bool {
	if len(v) <= letters || len(v) > letters+4 {
		return false
	}
	for i, c := range v {
		if i < letters && (c < 'A' || c > 'Z') || i >= letters && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// is compares without case; s must be lower case.
func is(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != s[i] {
			return false
		}
	}
	return true
}

// has looks for s without case; s must be lower case.
func has(b []byte, s string) bool {
	for i := 0; i+len(s) <= len(b); i++ {
		if is(b[i:i+len(s)], s) {
			return true
		}
	}
	return false
}

// interned keeps one copy of the few strings that nearly every answer brings.
var interned struct {
	sync.Map
	n atomic.Int64
}

func intern(b []byte) string {
	if len(b) > 64 {
		b = b[:64]
	}
	if s, ok := interned.Load(string(b)); ok {
		return s.(string)
	}
	s := string(b)
	if interned.n.Load() < 10_000 {
		interned.n.Add(1)
		interned.Store(s, s)
	}
	return s
}
