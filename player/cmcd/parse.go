package cmcd

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Empty is a report that says nothing.
func Empty() Report { return Report{Buffer: Unknown, Deadline: Unknown, Rate: 1} }

// maxKeys bounds what is read of one report; version 1 has 18 keys.
const maxKeys = 64

// ParseHeader adds what one of the headers says; name is compared without case,
// and other headers say nothing.
func (r *Report) ParseHeader(name, value string) {
	for _, n := range shardNames {
		if strings.EqualFold(name, n) {
			r.Parse(value)
		}
	}
}

// ParseQuery adds what the argument of a query string says.
func (r *Report) ParseQuery(query string) {
	for n := 0; n < maxKeys && query != ""; n++ {
		var arg string
		arg, query, _ = strings.Cut(query, "&")
		if v, ok := strings.CutPrefix(arg, Argument+"="); ok {
			r.Parse(Unescape(v))
			return
		}
	}
}

// Unescape takes percent-encoding off, twice where it was put on twice:
// CloudFront encodes what it logs, and the viewer may have before. What is not
// encoded stays as it is.
func Unescape(v string) string {
	for range 2 {
		if strings.IndexByte(v, '%') < 0 {
			break
		}
		plain, err := url.PathUnescape(v)
		if err != nil {
			break
		}
		v = plain
	}
	return v
}

// Parse takes key=value pairs with commas between them. A key without a value
// is true; strings are quoted (RFC 8941 3.2, as far as CMCD uses it). What
// makes no sense is passed over.
func (r *Report) Parse(s string) {
	for n := 0; n < maxKeys && s != ""; n++ {
		end := unquotedComma(s)
		key, value, given := strings.Cut(strings.TrimSpace(s[:end]), "=")
		if s = s[min(end+1, len(s)):]; !given {
			value = "true"
		}
		r.Set(key, value)
	}
}

func unquotedComma(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted && s[i] == '\\':
			i++
		case !quoted && s[i] == ',':
			return i
		}
	}
	return len(s)
}

var unquoted = strings.NewReplacer(`\"`, `"`, `\\`, `\`)

// Set takes one key's value as printed; strings may be without quotation marks,
// as in a log's columns.
func (r *Report) Set(key, v string) {
	if len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
		v = unquoted.Replace(v[1 : len(v)-1])
	}
	text := func(to *string) {
		if len(v) <= maxText {
			*to = v
		}
	}
	number := func() int64 {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 || n > 1e12 {
			return -1
		}
		return n
	}
	kilobits := func(to *int64) {
		if n := number(); n >= 0 {
			*to = 1000 * n
		}
	}
	millis := func(to *time.Duration) {
		if n := number(); n >= 0 && n < 1e12 {
			*to = time.Duration(n) * time.Millisecond
		}
	}
	switch key {
	case "sid":
		text(&r.Session)
	case "cid":
		text(&r.Content)
	case "ot":
		text(&r.Object)
	case "sf":
		text(&r.Format)
	case "st":
		text(&r.Stream)
	case "br":
		kilobits(&r.Bitrate)
	case "tb":
		kilobits(&r.Top)
	case "mtp":
		kilobits(&r.Measured)
	case "d":
		millis(&r.Duration)
	case "bl":
		millis(&r.Buffer)
	case "dl":
		millis(&r.Deadline)
	case "su":
		r.Startup = truth(v)
	case "bs":
		r.Starved = truth(v)
	case "pr":
		if f, err := strconv.ParseFloat(v, 64); err == nil && f >= 0 && f < 100 {
			r.Rate = f
		}
	}
}

func truth(v string) bool { return v == "true" || v == "TRUE" || v == "1" || v == "?1" }
