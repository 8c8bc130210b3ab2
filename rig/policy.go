package rig

import (
	"cmp"
	"strings"
	"time"

	"hlsload/chaos"
)

// control is a Cache-Control header, as far as a cache heeds it.
type control struct {
	hasAge       bool          // max-age or s-maxage was given
	age          time.Duration // s-maxage before max-age
	noStore      bool          // no-store, no-cache or private
	noStaleError bool          // stale-if-error=0
	text         string        // as written, for what was PUT
}

// parseControl reads a Cache-Control header (RFC 9111 section 5.2). It ignores
// what it does not know or cannot read.
func parseControl(s string) control {
	c := control{text: s}
	shared := false
	for part := range strings.SplitSeq(s, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "no-store", "no-cache", "private":
			c.noStore = true
		case "max-age":
			if d, ok := deltaSeconds(value); ok && !shared {
				c.hasAge, c.age = true, d
			}
		case "s-maxage":
			if d, ok := deltaSeconds(value); ok {
				c.hasAge, c.age, shared = true, d, true
			}
		case "stale-if-error":
			if d, ok := deltaSeconds(value); ok && d == 0 {
				c.noStaleError = true
			}
		}
	}
	return c
}

// deltaSeconds reads whole seconds; too many are 2³¹ (RFC 9111 section 1.2.2).
func deltaSeconds(s string) (time.Duration, bool) {
	n, has, ok := digits(s)
	return time.Duration(min(n, 1<<31)) * time.Second, has && ok
}

// policy is CloudFront's cache policy ("Managing how long content stays in the
// cache", "How CloudFront processes and caches HTTP 4xx and 5xx status codes").
type policy struct {
	min, def, max time.Duration // MinTTL, DefaultTTL, MaxTTL
	err           time.Duration // ErrorCachingMinTTL
}

func newPolicy(e *Edge) policy {
	return policy{min: e.MinTTL, def: cmp.Or(e.DefaultTTL, 24*time.Hour), max: max(cmp.Or(e.MaxTTL, 365*24*time.Hour), e.MinTTL), err: e.ErrorTTL}
}

// policyAt is the policy that holds at now, and the fault that made it
// another, if any: the one that began last.
func (r *Rig) policyAt(now time.Duration) (policy, chaos.Marks) {
	p, fault := r.policy, chaos.Marks(0)
	for w := range r.plan.Holding(now, chaos.EdgeErrorTTL) {
		if w.Fault.Via == chaos.ViaRig {
			p.err, fault = w.Fault.TTL, chaos.Mark(w.Fault.Rule)
		}
	}
	return p, fault
}

// verdict is what the policy makes of an answer of the origin.
type verdict struct {
	ttl      time.Duration // how long it is fresh
	store    bool          // it is kept, if only to be validated
	collapse bool          // requests that come meanwhile wait for it
}

// judge applies the policy to an answer.
//
//   - 2xx: max-age within [MinTTL, MaxTTL]; without one, DefaultTTL. no-store,
//     no-cache and private: MinTTL, and with a MinTTL of 0 not at all.
//   - 404, 410, 414, 500, 501, 502, 503, 504: always, for max-age, but at least
//     the error TTL. no-store, no-cache and private are heeded for 404, 410, 414
//     and 501 only.
//   - 400, 403, 405, 412, 415: only with max-age, then the same.
//   - others, 416 among them: never.
//
// Requests are collapsed but where the origin forbids caching and MinTTL is 0:
// no-store, no-cache, private, max-age=0.
func (p *policy) judge(status int, c control) verdict {
	switch status {
	case 200, 203, 206, 304:
		switch {
		case c.noStore && p.min == 0:
			return verdict{}
		case c.noStore:
			return verdict{p.min, true, true}
		case c.hasAge:
			ttl := min(max(c.age, p.min), p.max)
			return verdict{ttl, true, ttl > 0}
		}
		return verdict{min(max(p.def, p.min), p.max), true, true}
	case 404, 410, 414, 501:
		if c.noStore {
			return verdict{collapse: true}
		}
		fallthrough
	case 500, 502, 503, 504:
		ttl := max(p.err, c.age)
		return verdict{ttl, ttl > 0, true}
	case 400, 403, 405, 412, 415:
		if !c.hasAge || c.noStore {
			return verdict{collapse: true}
		}
		ttl := max(p.err, c.age)
		return verdict{ttl, ttl > 0, true}
	}
	return verdict{collapse: true}
}
