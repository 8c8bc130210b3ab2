package ticket

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hlsload/player/credential"
)

// Pass is what one session may use. It does not change: a session that renews its
// token takes another one.
type Pass struct {
	URL     string    // of the multivariant playlist, with stand-ins
	Headers []Header  // those of the target and those of the session
	Expires time.Time // zero = not known

	mark    string // in every stand-in
	pairs   []pair // the longest values first
	secrets []string
	// The session's URL as far as its path has tokens, with stand-ins and as it
	// is; "" = its path has none.
	sharedDir, wireDir string
}

// pair is a value of the session's and what stands for it in shared URLs.
type pair struct {
	standIn string
	value   string
	name    string // for people
}

// minText is how long a value must be to be looked for in texts: a shorter one may
// be found in ordinary words. In a path it is found by its place.
const minText = 12

// standIn returns the stand-in of a name, which it has for all sessions.
func (p *Pass) standIn(name, value string) string {
	for i := range p.pairs {
		if p.pairs[i].name == name {
			return p.pairs[i].standIn
		}
	}
	// Letters and digits mean themselves anywhere in a URL. The length keeps one
	// name from being the beginning of another.
	s := "tk" + strconv.Itoa(len(name)) + hex.EncodeToString([]byte(name)) + p.mark
	p.pairs = append(p.pairs, pair{s, value, name})
	return s
}

var (
	errBadURL    = errors.New("not a URL once its fields are filled in (want http or https, and neither blanks nor control characters)")
	errOneURL    = errors.New("a ticket has one URL, and the target has two (want fields in target.url)")
	errOtherHost = errors.New("the URL is at another host than target.url (want the same scheme and host)")
)

// fill is a template with stand-ins for the session's values.
func (p *Pass) fill(t *Template, value func(string) string) string {
	return t.Fill(func(field string) string {
		v := value(field)
		if !slices.Contains(Builtin, field) || field == "random" {
			p.secrets = append(p.secrets, v)
		}
		return p.standIn(field, v)
	})
}

// given makes the URLs of a session whose URL the issuer wrote. What differs from
// the target's is the session's own: parts of the path, and values of the query.
func (p *Pass) given(t *Template, raw string) error {
	own, err := url.Parse(raw)
	target, err2 := url.Parse(t.Fill(func(string) string { return p.mark }))
	switch {
	case err != nil || err2 != nil:
		return errBadURL
	case !strings.EqualFold(own.Scheme, target.Scheme) || !strings.EqualFold(own.Host, target.Host) || own.User != nil && target.User == nil:
		return errOtherHost
	}
	raw, _, _ = strings.Cut(raw, "#")
	path, query, _ := strings.Cut(raw, "?")
	parts, like := strings.Split(path, "/"), strings.Split(cutQuery(target.String()), "/")
	first := 0
	for first < min(len(parts), len(like)) && parts[first] == like[first] {
		first++
	}
	end := len(parts)
	for k := len(like); end > first && k > first && parts[end-1] == like[k-1]; k-- {
		end--
	}
	for i := first; i < end; i++ {
		if i > 2 { // after scheme and host
			p.secrets = append(p.secrets, parts[i])
			parts[i] = p.standIn("path"+strconv.Itoa(i-first+1), parts[i])
		}
	}
	p.URL = strings.Join(parts, "/")
	if query != "" {
		known := target.Query()
		pairs := strings.Split(query, "&")
		for i, kv := range pairs {
			name, value, ok := strings.Cut(kv, "=")
			if plain, err := url.QueryUnescape(value); !ok || err != nil || value == "" || slices.Contains(known[name], plain) {
				continue
			}
			p.secrets = append(p.secrets, value)
			called := "query " + name
			if slices.ContainsFunc(p.pairs, func(k pair) bool { return k.name == called }) {
				called += " " + strconv.Itoa(i)
			}
			pairs[i] = name + "=" + p.standIn(called, value)
		}
		p.URL += "?" + strings.Join(pairs, "&")
	}
	return p.settle()
}

// settle checks the session's URL and prepares the translation.
func (p *Pass) settle() error {
	slices.SortStableFunc(p.pairs, func(a, b pair) int { return cmp.Compare(len(b.value), len(a.value)) })
	wire := p.Wire(p.URL)
	u, err := url.Parse(wire)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsFunc(wire, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return errBadURL
	}
	shared, err := url.Parse(p.URL)
	if err != nil || shared.Host != u.Host || shared.Scheme != u.Scheme {
		return errBadURL
	}
	p.URL = credential.Bare(p.URL) // user information goes by other ways
	path := cutQuery(p.URL)
	if i := strings.LastIndex(path, p.mark); i >= 0 && p.mark != "" {
		p.sharedDir = path[:i+len(p.mark)]
		p.wireDir = p.Wire(p.sharedDir)
	}
	return nil
}

func cutQuery(u string) string {
	if i := strings.IndexAny(u, "?#"); i >= 0 {
		return u[:i]
	}
	return u
}

// Wire is a shared URL as the session's requests carry it.
func (p *Pass) Wire(u string) string {
	if p == nil || len(p.pairs) == 0 || !strings.Contains(u, p.mark) {
		return u
	}
	for i := range p.pairs {
		u = strings.ReplaceAll(u, p.pairs[i].standIn, p.pairs[i].value)
	}
	return u
}

// Shared is a URL of the session's, as a redirect leads to, with stand-ins.
func (p *Pass) Shared(u string) string {
	if p == nil || len(p.pairs) == 0 {
		return u
	}
	if p.wireDir != "" && strings.HasPrefix(u, p.wireDir) {
		u = p.sharedDir + u[len(p.wireDir):]
	}
	for i := range p.pairs {
		if k := &p.pairs[i]; len(k.value) >= minText && !strings.Contains(k.standIn, k.value) {
			u = strings.ReplaceAll(u, k.value, k.standIn)
		}
	}
	return u
}

// SharedBody is a playlist of the session's with stand-ins: one that repeats the
// token is then the same for all. It returns the body itself when there is nothing
// to replace.
func (p *Pass) SharedBody(body []byte) []byte {
	if p == nil {
		return body
	}
	for i := range p.pairs {
		if k := &p.pairs[i]; len(k.value) >= minText && bytes.Contains(body, []byte(k.value)) {
			body = bytes.ReplaceAll(body, []byte(k.value), []byte(k.standIn))
		}
	}
	return body
}

// Named is a text for people with the names of fields in place of stand-ins.
func (p *Pass) Named(text string) string {
	if p == nil || p.mark == "" || !strings.Contains(text, p.mark) {
		return text
	}
	for i := range p.pairs {
		text = strings.ReplaceAll(text, p.pairs[i].standIn, "{"+p.pairs[i].name+"}")
	}
	return text
}

// Secrets are the values that must not be shown: of the session's URL and of its
// fields. Those of its headers are in Headers.
func (p *Pass) Secrets() []string {
	if p == nil {
		return nil
	}
	return p.secrets
}

// StandIns are the stand-ins of the session's URLs, with the names of what they
// stand for.
func (p *Pass) StandIns() map[string]string {
	all := map[string]string{}
	for i := range p.pairs {
		all[p.pairs[i].standIn] = p.pairs[i].name
	}
	return all
}
