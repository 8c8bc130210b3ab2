package rig

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// conditions applies the preconditions of a request, in the order of RFC 9110
// section 13.2.2, and its range (section 14), to a 200.
func (r *Rig) conditions(f *Flight) {
	a := &f.Answer
	o := a.Object
	if f.IfMatch != "" && !matches(f.IfMatch, o.ETag, true) {
		a.fail(412)
		return
	}
	switch {
	case f.IfNoneMatch != "":
		if matches(f.IfNoneMatch, o.ETag, false) {
			a.Status, a.Length = 304, 0
			return
		}
	case f.IfModifiedSince != "":
		if t, ok := parseDate(f.IfModifiedSince); ok && !r.Date(r.channel.clock.second(o.Modified)).After(t) {
			a.Status, a.Length = 304, 0
			return
		}
	}
	if f.Range == "" {
		return
	}
	part, ok := parseStretch(f.Range)
	if !ok {
		return // a Range that cannot be read is ignored (RFC 9110 section 14.2)
	}
	offset, length := part.of(o.Size)
	if length == 0 {
		a.fail(416)
		return
	}
	a.Status, a.Offset, a.Length = 206, offset, length
}

// fail makes the answer an error.
func (a *Answer) fail(status int) {
	a.Status, a.Object, a.Truncate = status, nil, false
	a.Length = bodySize(status, nil)
}

// parseDate reads an HTTP date. Only the preferred form is understood, others
// are ignored as RFC 9110 section 13.1.3 has it.
func parseDate(s string) (time.Time, bool) {
	if len(s) > 40 {
		return time.Time{}, false
	}
	t, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", s)
	return t, err == nil
}

// matches reports whether an If-Match or If-None-Match list has the tag. A weak
// tag matches in a weak comparison only (RFC 9110 section 8.8.3.2).
func matches(list string, tag uint64, strong bool) bool {
	if strings.TrimSpace(list) == "*" {
		return true
	}
	var buf [18]byte
	own := string(AppendETag(buf[:0], tag))
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if weak, ok := strings.CutPrefix(part, "W/"); ok {
			if strong {
				continue
			}
			part = weak
		}
		if part == own || part == own[1:len(own)-1] { // S3 also takes it without quotes
			return true
		}
	}
	return false
}

// AppendETag appends a tag as a strong entity tag.
func AppendETag(dst []byte, tag uint64) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 60; i >= 0; i -= 4 {
		dst = append(dst, digits[tag>>i&15])
	}
	return append(dst, '"')
}

// stretch is one byte range of a body whose size is not known yet: from first to
// last, or the last n bytes.
type stretch struct{ first, last int64 }

const (
	toEnd  = -1 // as last: to the end
	suffix = -1 // as first: last is how many bytes from the end
)

// parseStretch reads a Range header of one byte range (RFC 9110 section 14.1.2);
// false of several, of other units and of what cannot be read.
func parseStretch(s string) (stretch, bool) {
	s, ok := strings.CutPrefix(strings.TrimSpace(s), "bytes=")
	if !ok {
		return stretch{}, false
	}
	from, to, ok := strings.Cut(strings.TrimSpace(s), "-")
	if !ok {
		return stretch{}, false
	}
	first, hasFirst, ok1 := digits(from)
	last, hasLast, ok2 := digits(to)
	switch {
	case !ok1 || !ok2 || !hasFirst && !hasLast || hasFirst && hasLast && last < first:
		return stretch{}, false
	case !hasFirst:
		return stretch{suffix, last}, true
	case !hasLast:
		last = toEnd
	}
	return stretch{first, last}, true
}

// of is the stretch in a body of size bytes; a length of 0 means that nothing of
// it is in there.
func (r stretch) of(size int64) (offset, length int64) {
	switch {
	case r.first == suffix:
		n := min(r.last, size)
		return size - n, n
	case r.first >= size:
		return 0, 0
	case r.last == toEnd:
		return r.first, size - r.first
	}
	return r.first, min(r.last, size-1) - r.first + 1
}

// digits reads a number that may be missing. One too large for an int64 is the
// largest.
func digits(s string) (n int64, has, ok bool) {
	if s == "" {
		return 0, false, true
	}
	v, err := strconv.ParseUint(s, 10, 63)
	return int64(v), true, err == nil || errors.Is(err, strconv.ErrRange)
}
