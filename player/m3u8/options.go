package m3u8

import (
	"net/url"
	"strconv"
)

// Options say where a playlist came from and how much of it to take.
type Options struct {
	// Base is the URL the playlist was read from, after redirects. URIs are
	// resolved against it (RFC 3986 5.2), and EXT-X-DEFINE:QUERYPARAM reads
	// its query. Nil leaves every URL equal to its URI.
	Base *url.URL
	// Imports are the variables that EXT-X-DEFINE:IMPORT may name: those of
	// the multivariant playlist, see [Multivariant.Variables].
	Imports map[string]string
	Limits  Limits
}

// Limits bound what is accepted; more is refused. Zero means the default.
type Limits struct {
	Body     int // bytes, default 4 MiB
	Line     int // bytes, before and after substitution of variables, default 64 KiB
	Segments int // default 100,000; also the most that EXT-X-SKIP may skip
	Parts    int // default 10,000
	Variants int // default 1,000; of EXT-X-STREAM-INF, of EXT-X-I-FRAME-STREAM-INF and of EXT-X-MEDIA each
	Tags     int // default 100,000; of everything else that may be repeated, unknown tags included
}

const (
	maxAttributes = 32  // in one tag
	maxKeys       = 16  // that apply to one segment
	maxFindings   = 100 // more are not reported
	urlsPerBody   = 16  // bytes of all URLs for each byte of Limits.Body
)

func (l Limits) orDefault() Limits {
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&l.Body, 4<<20)
	set(&l.Line, 64<<10)
	set(&l.Segments, 100_000)
	set(&l.Parts, 10_000)
	set(&l.Variants, 1_000)
	set(&l.Tags, 100_000)
	return l
}

// Error says why a playlist was refused, or what was put up with.
type Error struct {
	Line int    // counted from 1; 0 = the whole body
	Msg  string // the tag, what it says and what would be right
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Msg
	}
	return "line " + strconv.Itoa(e.Line) + ": " + e.Msg
}

// shown quotes what a playlist says for an error, cut to a readable length.
func shown(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
