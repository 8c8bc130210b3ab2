package fleet

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"hlsload/scenarios/redact"
)

// cookies are those of one player, or of one look, from the first answer on
// (RFC 6265). No host can set one for a whole public suffix, such as
// cloudfront.net, where strangers live next door.
type cookies struct {
	jar http.CookieJar // nil = there are none
	// values are those that were set last, by host, domain, path and name.
	values map[string]string
}

// Bounds of cookies (RFC 6265 6.1 asks for no fewer).
const (
	maxCookie       = 4096     // bytes of a Set-Cookie line
	maxCookies      = 300      // kept in all
	maxCookieHeader = 16 << 10 // bytes of a Cookie header
)

// header is the Cookie header for a URL, after what a target's own header says.
func (k *cookies) header(u *url.URL, own string) string {
	if k.jar == nil {
		return own
	}
	var b strings.Builder
	b.WriteString(own)
	for _, c := range k.jar.Cookies(u) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.Name + "=" + c.Value)
		if b.Len() > maxCookieHeader {
			break
		}
	}
	return b.String()
}

// keep keeps the cookies of an answer from u, and reports whether there were any.
func (k *cookies) keep(u *url.URL, lines []string) bool {
	var set []*http.Cookie
	for _, l := range lines {
		c, err := http.ParseSetCookie(l)
		if err != nil || len(l) > maxCookie {
			continue
		}
		key := strings.Join([]string{u.Hostname(), c.Domain, c.Path, c.Name}, " ")
		if _, ok := k.values[key]; !ok && len(k.values) >= maxCookies {
			continue
		}
		if k.values == nil {
			k.values = map[string]string{}
		}
		k.values[key] = c.Value
		set = append(set, c)
	}
	if len(set) == 0 {
		return false
	}
	if k.jar == nil {
		k.jar, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // never fails
	}
	k.jar.SetCookies(u, set)
	return true
}

// hide replaces in a text the values of the cookies that were set, and of those
// that a request carried.
func (k *cookies) hide(sent, text string) string {
	mask := func(value string) {
		if len(value) < 6 {
			return // in ordinary words, too
		}
		for _, v := range redact.Spellings(value) {
			if len(v) >= 6 {
				text = strings.ReplaceAll(text, v, redact.Mask)
			}
		}
	}
	for pair := range strings.SplitSeq(sent, "; ") {
		_, value, _ := strings.Cut(pair, "=")
		mask(value)
	}
	for _, value := range k.values {
		mask(value)
	}
	return text
}
