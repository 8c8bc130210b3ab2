package credential

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"hlsload/player/consent"
)

// Header is one header field.
type Header struct{ Name, Value string }

// Set is the credentials of a target. It does not change once made; a nil one
// is empty.
type Set struct {
	own     []owner  // the origins of the target's URLs
	headers []Header // for each of them, and for hosts that also covers
	cookie  string   // a Cookie field of headers, which is kept apart
	also    []string // patterns of hosts, as consent.Covers has them
	plain   bool     // a URL of the target is http: the headers go over plain http anyway
}

// owner is an origin of the target.
type owner struct {
	origin
	headers []Header // with its user information
}

// origin is where requests go (RFC 6454).
type origin struct{ scheme, host, port string }

// Grant is what a request may carry.
type Grant struct {
	Headers []Header // must not be changed
	Cookie  string   // a Cookie field that the target's headers have
	// Own says that the URL is of one of the target's own origins.
	Own bool
	// Withheld says that the target has header fields that are not for this
	// URL.
	Withheld bool
}

// New returns the credentials of a target: its URLs, the header fields that are
// for their origins, and patterns of the hosts that these are also for.
func New(urls []string, headers []Header, also []string) *Set {
	s := &Set{also: also}
	for _, h := range headers {
		if strings.EqualFold(h.Name, "Cookie") {
			s.cookie = h.Value
			continue
		}
		s.headers = append(s.headers, h)
	}
	for _, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" {
			continue
		}
		o := owner{originOf(u), s.with(u.User)}
		s.plain = s.plain || o.scheme == "http"
		switch i := slices.IndexFunc(s.own, func(has owner) bool { return has.origin == o.origin }); {
		case i < 0:
			s.own = append(s.own, o)
		case u.User != nil && len(s.own[i].headers) == len(s.headers): // the other URL had none
			s.own[i] = o
		}
	}
	return s
}

// with is the header fields and user information together.
func (s *Set) with(user *url.Userinfo) []Header {
	if user == nil || slices.ContainsFunc(s.headers, func(h Header) bool { return strings.EqualFold(h.Name, "Authorization") }) {
		return s.headers // a field that was written out counts
	}
	return append(slices.Clone(s.headers), basic(user))
}

// basic is the field that user information becomes (RFC 7617).
func basic(user *url.Userinfo) Header {
	password, _ := user.Password()
	return Header{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))}
}

func originOf(u *url.URL) origin {
	o := origin{strings.ToLower(u.Scheme), strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()}
	if o.port == "" {
		o.port = map[string]string{"http": "80", "https": "443"}[o.scheme]
	}
	return o
}

// serves reports whether what is meant for an origin may go to another: to itself,
// and from http to https, both at their usual ports.
func (o origin) serves(to origin) bool {
	return o == to || o.host == to.host && o == (origin{"http", o.host, "80"}) && to == (origin{"https", o.host, "443"})
}

// For says what a request to a URL may carry.
func (s *Set) For(u *url.URL) Grant {
	if s == nil {
		return (&Set{}).For(u)
	}
	to := originOf(u)
	g := Grant{Withheld: len(s.headers) > 0 || s.cookie != ""}
	// The same origin before one that is served by it.
	i := slices.IndexFunc(s.own, func(o owner) bool { return o.origin == to })
	if i < 0 {
		i = slices.IndexFunc(s.own, func(o owner) bool { return o.serves(to) })
	}
	switch {
	case i >= 0:
		g = Grant{Headers: s.own[i].headers, Cookie: s.cookie, Own: true}
	case (s.plain || to.scheme == "https") && slices.ContainsFunc(s.also, func(p string) bool { return consent.Covers(p, to.host) }):
		g = Grant{Headers: s.headers, Cookie: s.cookie}
	}
	if u.User != nil && !slices.ContainsFunc(g.Headers, func(h Header) bool { return strings.EqualFold(h.Name, "Authorization") }) {
		g.Headers = append(slices.Clone(g.Headers), basic(u.User))
	}
	return g
}

// Empty says that no request carries anything but the user information of its
// own URL.
func (s *Set) Empty() bool {
	if s == nil {
		return true
	}
	return s.cookie == "" && len(s.headers) == 0 && !slices.ContainsFunc(s.own, func(o owner) bool { return len(o.headers) > 0 })
}

// Bare is a URL without user information.
func Bare(u string) string {
	at := strings.Index(u, "://")
	if at < 0 {
		return u
	}
	at += len("://")
	end := len(u)
	if i := strings.IndexAny(u[at:], "/?#"); i >= 0 {
		end = at + i
	}
	if i := strings.LastIndexByte(u[at:end], '@'); i >= 0 {
		return u[:at] + u[at+i+1:]
	}
	return u
}
