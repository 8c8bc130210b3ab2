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
	// NoVariables reads the playlist as a player does that knows none
	// (rfc8216bis 4.3): references stay as they are written.
	NoVariables bool
	Limits      Limits
}

// Limits bound what is accepted; more is refused. Zero means the default.
type Limits struct {
	Body     int // bytes, default [DefaultBody]
	Line     int // bytes, before and after substitution of variables, default 64 KiB
	Segments int // default 100,000, or more as Body grows; also the most that EXT-X-SKIP may skip
	Parts    int // default 10,000
	Variants int // default 1,000; of EXT-X-STREAM-INF, of EXT-X-I-FRAME-STREAM-INF and of EXT-X-MEDIA each
	Tags     int // default 100,000, or more as Body grows; of everything else that may be repeated, unknown tags included
}

// DefaultBody holds twelve hours of segments of 2 s with signed URLs of 500
// bytes, and some more.
const DefaultBody = 16 << 20

const (
	maxAttributes = 32  // in one tag
	maxKeys       = 16  // that apply to one segment
	bodyPerTag    = 80  // bytes of Limits.Body for each of Limits.Tags
	bodyPerURI    = 160 // and for each of Limits.Segments
)

// urlBudget is how many bytes all URLs of a playlist may have.
func (l Limits) urlBudget() int { return max(min(16*l.Body, 64<<20), 4*l.Body) }

func (l Limits) orDefault() Limits {
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&l.Body, DefaultBody)
	set(&l.Line, 64<<10)
	set(&l.Segments, max(100_000, l.Body/bodyPerURI))
	set(&l.Parts, 10_000)
	set(&l.Variants, 1_000)
	set(&l.Tags, max(100_000, l.Body/bodyPerTag))
	return l
}

// Error says why a playlist was refused.
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
