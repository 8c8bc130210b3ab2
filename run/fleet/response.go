package fleet

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"hlsload/chaos"
)

// FaultsHeader names the header in which the embedded rig tells which faults
// touched an answer: [chaos.Marks] as a hexadecimal number.
const FaultsHeader = "Hlsload-Faults"

// Response is the head of an answer: what players and reports want of it.
type Response struct {
	Status    int
	Size      int64 // Content-Length; -1 = not announced
	Body      Body
	Encoding  string // Content-Encoding; "" = identity
	Location  string
	SetCookie []string
	Marks     chaos.Marks
	Pop       string      // X-Amz-Cf-Pop, or the cdn-pop of Server-Timing
	Header    http.Header // all of it, when [Request.Whole] asked for it

	evidence evidence
}

// Cache tells from the headers whether the origin was asked.
func (r *Response) Cache() Cache { return r.evidence.cache() }

// newResponse is an answer of which nothing has come.
func newResponse(req *Request) (r Response) {
	if req.Whole {
		r.Header = http.Header{}
	}
	return r
}

// note takes one header field. Names are compared without case.
func (r *Response) note(name, value []byte) {
	if r.Header != nil {
		r.Header.Add(string(name), string(value))
	}
	switch len(name) {
	case 3:
		switch {
		case is(name, "via"):
			r.evidence.passed = true
		case is(name, "age"):
			r.evidence.aged = true
		}
	case 8:
		if is(name, "location") {
			r.Location = string(value)
		}
	case 9:
		if is(name, "x-varnish") { // one transaction: miss; two: hit
			c := CacheMiss
			if bytes.IndexByte(value, ' ') > 0 {
				c = CacheHit
			}
			r.evidence.vendor = least(r.evidence.vendor, c)
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
			r.evidence.noteStatus(value)
		}
	case 13:
		if is(name, "server-timing") {
			if pop := r.evidence.noteTiming(value); pop != nil && r.Pop == "" {
				r.Pop = popName(pop)
			}
		}
	case 14:
		if is(name, "hlsload-faults") {
			if m, err := strconv.ParseUint(string(value), 16, 64); err == nil {
				r.Marks |= chaos.Marks(m)
			}
		}
	case 16:
		switch {
		case is(name, "x-amz-request-id"):
			r.evidence.s3 = true
		case is(name, "content-encoding") && !is(value, "identity"):
			r.Encoding = string(bytes.ToLower(value))
		case is(name, "x-hcs-proxy-type"):
			r.evidence.noteCacheHeader(name, value)
		}
	}
	if has(name, "cache") {
		r.evidence.noteCacheHeader(name, value)
	}
}

// Odd is a header of a cache that is not understood, if no other one tells
// whether the origin was asked.
func (r *Response) Odd() OddHeader {
	if r.Cache() != CacheUnknown {
		return OddHeader{}
	}
	return r.evidence.odd
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
