package m3u8

import (
	"net/url"
	"strings"
)

// resolver turns URI references into URLs (RFC 3986 5.2). The usual reference,
// a plain relative path, is glued to the base's directory; everything else
// goes through net/url, and both give the same answer.
type resolver struct {
	base   *url.URL
	dir    string // scheme://host/path/ of the base; "" = always ask net/url
	root   int    // length of its scheme://host
	host   string // scheme://host/ of the last absolute reference that net/url left as it was
	expect int    // how many more URLs to make room for
	budget int    // bytes of URLs that may still be made
	text   strings.Builder
}

func newResolver(base *url.URL, budget int) resolver {
	r := resolver{base: base, budget: budget}
	if base == nil || base.Scheme == "" || base.Opaque != "" || base.User != nil || !plainHost(base.Host) {
		return r
	}
	path := base.EscapedPath()
	if path == "" {
		path = "/"
	}
	if path[0] != '/' || strings.HasPrefix(path, "//") || strings.Contains(path, "/.") {
		return r
	}
	path = path[:strings.LastIndexByte(path, '/')+1]
	r.dir = base.Scheme + "://" + base.Host + path
	r.root = len(r.dir) - len(path)
	return r
}

// plainHost reports whether net/url prints the host as it is.
func plainHost(host string) bool {
	for i := 0; i < len(host); i++ {
		if c := host[i]; !alphanumeric(c) && c != '.' && c != '-' && c != ':' && c != '_' {
			return false
		}
	}
	return host != ""
}

// resolve returns the URL of ref, which url.Parse takes, or false when there is
// none, or no room.
func (r *resolver) resolve(ref string) (string, bool) {
	plain, colon := look(ref)
	if r.base == nil {
		if !plain && hasControl(ref) {
			ref = Escape(ref)
		}
		return ref, true
	}
	out := ""
	switch {
	case !plain || ref == "" || ref[0] == '?' || r.dir == "" && !colon:
		out = r.ask(ref)
	case colon:
		if out = ref; r.host == "" || !strings.HasPrefix(ref, r.host) {
			out = r.ask(ref)
		}
	case ref[0] != '/':
		out = r.join(r.dir, ref)
	case len(ref) > 1 && ref[1] == '/':
		out = r.ask(ref)
	default:
		out = r.join(r.dir[:r.root], ref)
	}
	r.budget -= len(out)
	return out, out != "" && r.budget >= 0
}

// join returns a+b. The results of one playlist share a few large strings.
func (r *resolver) join(a, b string) string {
	n := len(a) + len(b)
	if n > r.budget {
		r.budget = -1
		return ""
	}
	if r.text.Cap()-r.text.Len() < n {
		r.text = strings.Builder{}
		r.text.Grow(max(n, min(n*r.expect+r.expect, 64<<10)))
	}
	r.expect = max(r.expect-1, 1)
	start := r.text.Len()
	r.text.WriteString(a)
	r.text.WriteString(b)
	return r.text.String()[start:]
}

// ask resolves with net/url. It returns "" when ref is no URI reference.
func (r *resolver) ask(ref string) string {
	clean := Escape(ref)
	u, err := url.Parse(clean)
	if err != nil && ref != "" && !letter(ref[0]) && ref[0] != '/' {
		// "10:00:00.ts" has no scheme, because that begins with a letter.
		u, err = url.Parse("./" + clean)
	}
	if err != nil {
		return ""
	}
	out := r.base.ResolveReference(u).String()
	if _, err := url.Parse(out); err != nil {
		return "" // such as "//h::/", which is only wrong with a scheme
	}
	if out == ref && u.Host != "" {
		if i := strings.IndexByte(out[len(u.Scheme)+len("://"):], '/'); i >= 0 {
			r.host = out[:len(u.Scheme)+len("://")+i+1]
		}
	}
	return out
}

const (
	inURL   = 1 << iota // may stand in a URL
	inPlain             // may stand in a reference that needs no thought
	inDoubt             // of those, depending on what is around
)

var urlBytes = func() (t [256]uint8) {
	for c := range 128 {
		if alphanumeric(byte(c)) || strings.IndexByte("-_~!$&'()*+,;=@", byte(c)) >= 0 {
			t[c] = inURL | inPlain
		}
	}
	for _, c := range ".%/?:" {
		t[c] = inURL | inPlain | inDoubt
	}
	t['#'], t['['], t[']'] = inURL, inURL, inURL
	return t
}()

// look reports whether ref is made of plain bytes without dot segments and stray
// percent signs, and whether it begins with what may be a scheme.
func look(ref string) (plain, colon bool) {
	path := false
	for i := 0; i < len(ref); i++ {
		c := ref[i]
		class := urlBytes[c]
		if class == inURL|inPlain {
			continue
		}
		if class&inPlain == 0 {
			return false, false
		}
		switch c {
		case '.':
			if i == 0 || ref[i-1] == '/' {
				return false, false
			}
		case '%':
			if !Escaped(ref[i:]) {
				return false, false
			}
		case ':':
			colon = colon || !path
		default:
			path = true
		}
	}
	return true, colon
}

// Escape percent-encodes what may not stand in a URL, such as spaces and
// control characters and stray percent signs, as browsers do or would have to.
func Escape(ref string) string {
	var b strings.Builder
	for i := 0; i < len(ref); i++ {
		c := ref[i]
		if urlBytes[c] != 0 && (c != '%' || Escaped(ref[i:])) {
			b.WriteByte(c)
			continue
		}
		b.WriteString(percent(c))
	}
	return b.String()
}

// percent is the percent-encoding of a byte.
func percent(c byte) string {
	const hex = "0123456789ABCDEF"
	return string([]byte{'%', hex[c>>4], hex[c&15]})
}

// Escaped reports whether s begins with a percent sign and two hex digits.
func Escaped(s string) bool { return len(s) >= 3 && hexDigit(s[1]) && hexDigit(s[2]) }

func letter(c byte) bool       { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func alphanumeric(c byte) bool { return letter(c) || c-'0' <= 9 }
func hexDigit(c byte) bool     { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'f' }

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}
