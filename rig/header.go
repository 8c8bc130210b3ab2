package rig

import (
	"strconv"
	"time"
)

// The headers in which an edge reports what it did, as CloudFront sends them
// (and Cache-Status, which CloudFront does not). They carry everything that a
// client needs to count the origin's requests: Server-Timing has
// cdn-upstream-layer exactly on the answers that caused one.

// AppendCacheStatus appends the value of Cache-Status (RFC 9211): the shield
// first, the edge last.
func (a *Answer) AppendCacheStatus(dst []byte) []byte {
	if a.shield.asked {
		dst = append(dst, "shield"...)
		dst = a.shield.append(dst, false)
		dst = append(dst, ", "...)
	}
	dst = append(dst, "edge"...)
	dst = a.edge.append(dst, a.stored)
	if a.Fresh > 0 || a.edge.how == hit {
		dst = append(dst, ";ttl="...)
		dst = strconv.AppendInt(dst, int64(a.Fresh/time.Second), 10)
	}
	return dst
}

func (p *report) append(dst []byte, stored bool) []byte {
	if p.how == hit {
		return append(dst, ";hit"...)
	}
	dst = append(dst, ";fwd="...)
	if p.expired {
		dst = append(dst, "stale"...)
	} else {
		dst = append(dst, "uri-miss"...)
	}
	if p.upstream != 0 {
		dst = append(dst, ";fwd-status="...)
		dst = strconv.AppendInt(dst, int64(p.upstream), 10)
	}
	if stored {
		dst = append(dst, ";stored"...)
	}
	if p.how == joined {
		dst = append(dst, ";collapsed"...)
	}
	if p.how == stale {
		dst = append(dst, ";detail=stale-if-error"...)
	}
	return dst
}

// AppendServerTiming appends the value of Server-Timing, in the names of
// CloudFront's response headers policy.
func (a *Answer) AppendServerTiming(dst []byte, pop string) []byte {
	switch a.XCache {
	case Hit:
		dst = append(dst, "cdn-cache-hit"...)
	case RefreshHit:
		if a.Upstream == NoLayer && !a.Collapsed {
			dst = append(dst, "cdn-cache-hit"...) // of the shield: the origin was not asked
		} else {
			dst = append(dst, "cdn-cache-refresh"...)
		}
	default:
		if a.Hit != NoLayer || a.Collapsed {
			dst = append(dst, "cdn-cache-hit"...) // an error out of a cache
		} else {
			dst = append(dst, "cdn-cache-miss"...)
		}
	}
	dst = append(dst, ",cdn-pop;desc=\""...)
	dst = append(dst, pop...)
	dst = append(dst, '"')
	if a.Hit != NoLayer {
		dst = append(dst, ",cdn-hit-layer;desc=\""...)
		dst = append(dst, a.Hit.String()...)
		dst = append(dst, '"')
	}
	if a.Upstream != NoLayer {
		dst = append(dst, ",cdn-upstream-layer;desc=\""...)
		dst = append(dst, a.Upstream.String()...)
		dst = append(dst, "\",cdn-upstream-dns;dur=0,cdn-upstream-connect;dur=0,cdn-upstream-fbl;dur="...)
		dst = strconv.AppendInt(dst, a.FirstByte.Milliseconds(), 10)
	}
	if a.Cached {
		dst = append(dst, ",cdn-downstream-fbl;dur=0"...)
	}
	return dst
}

// AppendCacheControl appends the value of Cache-Control, nothing without one.
// It has whole seconds, rounded down.
func (o *Object) AppendCacheControl(dst []byte) []byte {
	if !o.Channel {
		return append(dst, o.control.text...)
	}
	if !o.control.hasAge {
		return dst
	}
	dst = append(dst, "max-age="...)
	return strconv.AppendInt(dst, int64(o.control.age/time.Second), 10)
}

// AppendLastModified appends the value of Last-Modified.
func (r *Rig) AppendLastModified(dst []byte, o *Object) []byte {
	return r.Date(o.Modified).UTC().AppendFormat(dst, "Mon, 02 Jan 2006 15:04:05 GMT")
}

// AppendContentRange appends the value of Content-Range of a 206 or a 416.
func (a *Answer) AppendContentRange(dst []byte) []byte {
	if a.Object == nil {
		return strconv.AppendInt(append(dst, "bytes */"...), a.Size, 10)
	}
	dst = append(dst, "bytes "...)
	dst = strconv.AppendInt(dst, a.Offset, 10)
	dst = append(dst, '-')
	dst = strconv.AppendInt(dst, a.Offset+a.Length-1, 10)
	dst = append(dst, '/')
	return strconv.AppendInt(dst, a.Object.Size, 10)
}

// PopName is the X-Amz-Cf-Pop of an edge. Those of an undisturbed twin have
// names of their own.
func PopName(pop int, twin bool) string {
	if twin {
		return "RIG" + strconv.Itoa(pop) + "-C2"
	}
	return "RIG" + strconv.Itoa(pop) + "-C1"
}
