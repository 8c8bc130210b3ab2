package cmcd

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Unknown is a duration that is not sent.
const Unknown = time.Duration(-1)

// Report is what a player says with one request. The zero value of most fields
// says nothing.
type Report struct {
	Session  string // sid
	Content  string // cid
	Object   string // ot: m playlist, a audio, v video, av both, i init section, k key
	Format   string // sf: h = HLS
	Stream   string // st: v on demand, l live
	Bitrate  int64  // br, bit/s of the object
	Top      int64  // tb, bit/s of the highest variant
	Measured int64  // mtp, bit/s
	Duration time.Duration
	Buffer   time.Duration // bl; Unknown = not sent
	Deadline time.Duration // dl; Unknown = not sent
	Startup  bool          // su: needed urgently
	Starved  bool          // bs: playback ran dry since the request before
	Rate     float64       // pr, of playback; 1 is not sent
}

// The four headers, by how often their contents change (CTA-5004 section 2.1).
const (
	object = iota
	request
	status
	session
	shards
)

var shardNames = [shards]string{"CMCD-Object", "CMCD-Request", "CMCD-Status", "CMCD-Session"}

// keys are those that are printed, in alphabetical order.
var keys = [...]struct {
	name  string
	shard int
	put   func(dst []byte, r *Report) []byte // the value with its "="; what returns dst unchanged leaves the key out
}{
	{"bl", request, func(dst []byte, r *Report) []byte { return millis(dst, r.Buffer, 100) }},
	{"br", object, func(dst []byte, r *Report) []byte { return kilobits(dst, r.Bitrate, 1) }},
	{"bs", status, func(dst []byte, r *Report) []byte { return flag(dst, r.Starved) }},
	{"cid", session, func(dst []byte, r *Report) []byte { return text(dst, r.Content) }},
	{"d", object, func(dst []byte, r *Report) []byte {
		if r.Duration <= 0 {
			return dst
		}
		return millis(dst, r.Duration, 1)
	}},
	{"dl", request, func(dst []byte, r *Report) []byte { return millis(dst, r.Deadline, 100) }},
	{"mtp", request, func(dst []byte, r *Report) []byte { return kilobits(dst, r.Measured, 100) }},
	{"ot", object, func(dst []byte, r *Report) []byte { return token(dst, r.Object) }},
	{"pr", session, func(dst []byte, r *Report) []byte {
		if rate := math.Round(r.Rate*1000) / 1000; rate != 1 { // a decimal of RFC 8941 has three places
			return strconv.AppendFloat(append(dst, '='), rate, 'f', -1, 64)
		}
		return dst
	}},
	{"sf", session, func(dst []byte, r *Report) []byte { return token(dst, r.Format) }},
	{"sid", session, func(dst []byte, r *Report) []byte { return text(dst, r.Session) }},
	{"st", session, func(dst []byte, r *Report) []byte { return token(dst, r.Stream) }},
	{"su", request, func(dst []byte, r *Report) []byte { return flag(dst, r.Startup) }},
	{"tb", object, func(dst []byte, r *Report) []byte { return kilobits(dst, r.Top, 1) }},
}

// rounded is d to the nearest multiple.
func rounded(d, multiple int64) int64 { return (d + multiple/2) / multiple * multiple }

func millis(dst []byte, d time.Duration, to int64) []byte {
	if d < 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, '='), rounded(int64((d+time.Millisecond/2)/time.Millisecond), to), 10)
}

// kilobits leaves out what is not known, and what rounds to nothing.
func kilobits(dst []byte, bits, to int64) []byte {
	n := rounded((bits+500)/1000, to)
	if n <= 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, '='), n, 10)
}

// flag prints true as the bare key and false not at all.
func flag(dst []byte, v bool) []byte {
	if !v {
		return dst
	}
	return append(dst, "=true"...)
}

const bare = "=true"

func token(dst []byte, v string) []byte {
	if v == "" {
		return dst
	}
	return append(append(dst, '='), v...)
}

// maxText is how long a string may be (CTA-5004 section 3).
const maxText = 64

func text(dst []byte, v string) []byte {
	if v == "" || len(v) > maxText {
		return dst
	}
	dst = append(dst, '=', '"')
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c < ' ' || c >= 0x7f: // no string of RFC 8941 has it
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// put appends the keys of one shard, or of all (-1), with commas between them.
func (r *Report) put(dst []byte, shard int) []byte {
	start := len(dst)
	for i := range keys {
		k := &keys[i]
		if shard >= 0 && k.shard != shard {
			continue
		}
		before := len(dst)
		if before > start {
			dst = append(dst, ',')
		}
		dst = append(dst, k.name...)
		at := len(dst)
		switch dst = k.put(dst, r); {
		case len(dst) == at:
			dst = dst[:before]
		case string(dst[at:]) == bare:
			dst = dst[:at]
		}
	}
	return dst
}

// AppendHeaders appends the header fields that have something in them, each
// with a line end before it.
func (r *Report) AppendHeaders(dst []byte) []byte {
	for shard, name := range shardNames {
		before := len(dst)
		dst = append(append(append(dst, "\r\n"...), name...), ": "...)
		at := len(dst)
		if dst = r.put(dst, shard); len(dst) == at {
			dst = dst[:before]
		}
	}
	return dst
}

// Headers calls set for each header field that has something in it.
func (r *Report) Headers(set func(name, value string)) {
	var room [256]byte
	for shard, name := range shardNames {
		if v := r.put(room[:0], shard); len(v) > 0 {
			set(name, string(v))
		}
	}
}

// Argument is the name of the query argument.
const Argument = "CMCD"

// AppendQuery appends a URL with the report as a query argument. A fragment has
// no place in a request and must not be there.
func (r *Report) AppendQuery(dst []byte, url string) []byte {
	dst = append(dst, url...)
	if strings.IndexByte(url, '?') < 0 {
		dst = append(dst, '?')
	} else if c := url[len(url)-1]; c != '?' && c != '&' {
		dst = append(dst, '&')
	}
	dst = append(dst, Argument+"="...)
	var room [512]byte
	for _, c := range r.put(room[:0], -1) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	return dst
}

// CutQuery returns a URL without the query argument.
func CutQuery(url string) string {
	before, query, ok := strings.Cut(url, "?")
	if !ok || !strings.Contains(query, Argument+"=") {
		return url
	}
	var kept []string
	for arg := range strings.SplitSeq(query, "&") {
		if !strings.HasPrefix(arg, Argument+"=") { // its name is case-sensitive
			kept = append(kept, arg)
		}
	}
	if len(kept) == 0 {
		return before
	}
	return before + "?" + strings.Join(kept, "&")
}
