package client

import (
	"cmp"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"hlsload/scenarios/redact"
)

// cookies are the cookies of one client (RFC 6265). No host can set one for a public
// suffix such as cloudfront.net, which other companies' hosts share.
type cookies struct {
	jar  http.CookieJar // nil = no cookie yet
	kept []kept         // the cookies in the jar, the latest last
	size int            // sum of their sizes
}

// kept is a cookie in the jar.
type kept struct {
	from               *url.URL
	domain, path, name string
	value              string
	size               int
}

// Bounds of cookies. Beyond them the oldest cookies of the same host are dropped.
const (
	maxCookie       = 4096     // bytes of a Set-Cookie line
	maxCookies      = 300      // kept in all
	maxCookieBytes  = 64 << 10 // of Set-Cookie lines kept in all
	maxCookieHeader = 16 << 10 // bytes of a Cookie header
)

// header is the Cookie header for a URL: own, from the target's header fields, and
// then the kept cookies.
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
		b.WriteString(c.Name + "=" + written(c))
		if b.Len() > maxCookieHeader {
			break
		}
	}
	return b.String()
}

// written is the value of a cookie as the server wrote it: quotes belong to it
// (RFC 6265 5.2).
func written(c *http.Cookie) string {
	if c.Quoted {
		return `"` + c.Value + `"`
	}
	return c.Value
}

// keep keeps the cookies of an answer from u, and reports whether there were any.
func (k *cookies) keep(u *url.URL, lines []string) bool {
	any := false
	for _, l := range lines {
		c, err := http.ParseSetCookie(l)
		if err != nil || len(l) > maxCookie {
			continue
		}
		if k.jar == nil {
			k.jar, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // never fails
		}
		k.remember(u, c, len(l))
		k.jar.SetCookies(u, []*http.Cookie{c})
		any = true
	}
	return any
}

// remember keeps a cookie, and drops older ones to make room for it.
func (k *cookies) remember(u *url.URL, c *http.Cookie, size int) {
	path := c.Path
	if !strings.HasPrefix(path, "/") { // the directory of the URL (RFC 6265 5.1.4)
		path = cmp.Or(u.Path[:max(strings.LastIndexByte(u.Path, '/'), 0)], "/")
	}
	one := kept{from: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}, domain: c.Domain, path: path, name: c.Name, value: c.Value, size: size + len(u.Host) + len(u.Path)}
	if i := slices.IndexFunc(k.kept, func(o kept) bool {
		return o.name == one.name && o.path == one.path && o.domain == one.domain && o.from.Host == one.from.Host
	}); i >= 0 {
		k.size -= k.kept[i].size
		k.kept = slices.Delete(k.kept, i, i+1)
	}
	k.kept = append(k.kept, one)
	k.size += one.size
	for len(k.kept) > maxCookies || k.size > maxCookieBytes && len(k.kept) > 1 {
		i := slices.IndexFunc(k.kept[:len(k.kept)-1], func(o kept) bool { return o.from.Host == u.Host })
		i = max(i, 0) // drop one of the same host if there is one
		old := k.kept[i]
		k.size -= old.size
		k.kept = slices.Delete(k.kept, i, i+1)
		k.jar.SetCookies(old.from, []*http.Cookie{{Name: old.name, Domain: old.domain, Path: old.path, MaxAge: -1}})
	}
}

// hide replaces in a text the values of the kept cookies, and of those that a request
// carried.
func (k *cookies) hide(sent, text string) string {
	mask := func(value string) {
		if len(value) < 6 {
			return // it occurs in ordinary words
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
	for i := range k.kept {
		mask(k.kept[i].value)
	}
	return text
}
