package credential

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func parsed(t *testing.T, u string) *url.URL {
	p, err := url.Parse(u)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFor(t *testing.T) {
	token := []Header{{"X-Token", "t"}}
	for _, c := range []struct {
		target  string // URLs
		headers []Header
		also    string
		url     string
		want    string // headers, then what else is said
	}{
		{"https://a.example/i.m3u8", token, "", "https://a.example/x/1.ts", "X-Token=t own"},
		{"https://a.example/i.m3u8", token, "", "https://A.Example.:443/x/1.ts", "X-Token=t own"},
		{"https://a.example/i.m3u8", token, "", "https://b.example/1.ts", "withheld"},
		{"https://a.example/i.m3u8", token, "", "https://x.a.example/1.ts", "withheld"},
		{"https://a.example/i.m3u8", token, "", "https://a.example.evil.example/1.ts", "withheld"},
		{"https://a.example/i.m3u8", token, "", "https://a.example@b.example/1.ts", "Authorization=a.example: withheld"},
		{"https://a.example/i.m3u8", token, "", "https://a.example:/1.ts", "X-Token=t own"},
		{"https://a.example/i.m3u8", token, "", "https://a.example:0/1.ts", "withheld"},
		{"https://a.example/i.m3u8", token, "", "https://a.example:65536/1.ts", "withheld"},
		{"https://a.example/i.m3u8", token, "", "https://a.example..:443/1.ts", "withheld"},
		{"https://a.example/i.m3u8", token, "", "https://b.example?https://a.example/", "withheld"},
		{"https://a.example/i.m3u8", token, "", "https://b.example#@a.example/", "withheld"},
		{"https://[::1]/i.m3u8", token, "", "https://[::1%25lo]/1.ts", "withheld"},
		{"https://127.0.0.1/i.m3u8", token, "", "https://[::ffff:127.0.0.1]/1.ts", "withheld"},
		{"https://127.0.0.1/i.m3u8", token, "", "https://2130706433/1.ts", "withheld"},
		// Another port is another server, and plain http is read on the way.
		{"https://a.example/i.m3u8", token, "", "https://a.example:8443/1.ts", "withheld"},
		{"https://a.example/i.m3u8", token, "", "http://a.example/1.ts", "withheld"},
		{"http://a.example/i.m3u8", token, "", "https://a.example/1.ts", "X-Token=t own"},
		{"http://a.example:8080/i.m3u8", token, "", "https://a.example/1.ts", "withheld"},
		{"http://a.example/i.m3u8", token, "", "https://a.example:8443/1.ts", "withheld"},
		{"http://127.0.0.1:1000/i.m3u8", token, "", "http://127.0.0.1:1001/1.ts", "withheld"},
		// Hosts that are named.
		{"https://a.example/i.m3u8", token, "b.example *.c.example", "https://b.example:8443/1.ts", "X-Token=t"},
		{"https://a.example/i.m3u8", token, "b.example *.c.example", "https://x.c.example/1.ts", "X-Token=t"},
		{"https://a.example/i.m3u8", token, "b.example *.c.example", "https://c.example/1.ts", "withheld"},
		{"https://a.example/i.m3u8", token, "b.example", "http://b.example/1.ts", "withheld"},
		{"http://a.example/i.m3u8", token, "b.example", "http://b.example/1.ts", "X-Token=t"},
		{"https://a.example/i.m3u8", token, "a.example", "https://a.example:8443/1.ts", "X-Token=t"},
		{"http://127.0.0.1/i.m3u8", token, "[::1]", "http://[::1]:81/1.ts", "X-Token=t"},
		// Two URLs, one set of headers.
		{"https://a.example/i.m3u8 https://b.example/i.m3u8", token, "", "https://b.example/1.ts", "X-Token=t own"},
		{"https://a.example/i.m3u8 http://b.example/i.m3u8", token, "", "http://a.example/1.ts", "withheld"},
		// User information: to its own origin, decoded.
		{"https://u:p%40ss@a.example/i.m3u8", nil, "", "https://a.example/1.ts", "Authorization=u:p@ss own"},
		{"https://u:p%40ss@a.example/i.m3u8", nil, "b.example", "https://b.example/1.ts", ""},
		{"https://u:p%40ss@a.example/i.m3u8", token, "b.example", "https://b.example/1.ts", "X-Token=t"},
		{"https://u:p%40ss@a.example/i.m3u8", nil, "", "http://a.example/1.ts", ""},
		{"http://u@a.example/i.m3u8", nil, "", "https://a.example/1.ts", "Authorization=u: own"},
		{"http://u:p@a.example/i.m3u8 http://a.example/j.m3u8", nil, "", "http://a.example/j.m3u8", "Authorization=u:p own"},
		{"http://a.example/j.m3u8 http://u:p@a.example/i.m3u8", nil, "", "http://a.example/j.m3u8", "Authorization=u:p own"},
		{"https://u:p@a.example/i.m3u8 https://v:q@b.example/i.m3u8", nil, "", "https://b.example/", "Authorization=v:q own"},
		{"https://u:p@a.example/i.m3u8", []Header{{"authorization", "Bearer x"}}, "", "https://a.example/1.ts", "authorization=Bearer x own"},
		// What another URL itself has goes to its host only.
		{"https://u:p@a.example/i.m3u8", nil, "", "https://v:q@b.example/1.ts", "Authorization=v:q"},
		{"https://a.example/i.m3u8", token, "", "https://v:q@a.example/1.ts", "X-Token=t Authorization=v:q own"},
		{"https://a.example/i.m3u8", []Header{{"Authorization", "Bearer x"}}, "", "https://v:q@a.example/1.ts", "Authorization=Bearer x own"},
		// A Cookie field follows the headers.
		{"https://a.example/i.m3u8", []Header{{"Cookie", "a=1"}}, "", "https://a.example/1.ts", "Cookie=a=1 own"},
		{"https://a.example/i.m3u8", []Header{{"Cookie", "a=1"}}, "", "https://b.example/1.ts", "withheld"},
		{"", token, "", "https://b.example/1.ts", "withheld"},
	} {
		s := New(strings.Fields(c.target), c.headers, strings.Fields(c.also))
		g := s.For(parsed(t, c.url))
		var said []string
		for _, h := range g.Headers {
			v := h.Value
			if text, ok := strings.CutPrefix(v, "Basic "); ok {
				b, err := base64.StdEncoding.DecodeString(text)
				if v = string(b); err != nil {
					t.Error(err)
				}
			}
			said = append(said, h.Name+"="+v)
		}
		if g.Cookie != "" {
			said = append(said, "Cookie="+g.Cookie)
		}
		if g.Own {
			said = append(said, "own")
		}
		if g.Withheld {
			said = append(said, "withheld")
		}
		if got := strings.Join(said, " "); got != c.want {
			t.Errorf("%s for %s %s: %s is sent %q; want %q", c.target, c.headers, c.also, c.url, got, c.want)
		}
	}
}

func TestEmpty(t *testing.T) {
	var none *Set
	for _, c := range []struct {
		s    *Set
		want bool
	}{
		{none, true}, {New(nil, nil, nil), true}, {New([]string{"http://a/"}, nil, []string{"b"}), true},
		{New([]string{"http://u@a/"}, nil, nil), false}, {New(nil, []Header{{"A", "b"}}, nil), false}, {New(nil, []Header{{"Cookie", "b"}}, nil), false},
	} {
		if got := c.s.Empty(); got != c.want {
			t.Errorf("%+v: empty %v", c.s, got)
		}
	}
	if g := none.For(parsed(t, "http://u:p@h/")); len(g.Headers) != 1 || g.Own || g.Withheld {
		t.Errorf("no set: %+v", g)
	}
}

func TestBare(t *testing.T) {
	for in, want := range map[string]string{
		"http://u:p@h/a?b=c@d": "http://h/a?b=c@d", "http://u:p@ss@h": "http://h", "http://h/a@b": "http://h/a@b", "http://h?x=a@b": "http://h?x=a@b", "a@b": "a@b", "": "",
		"http://u@[::1]:80/": "http://[::1]:80/",
	} {
		if got := Bare(in); got != want {
			t.Errorf("Bare(%q) = %q; want %q", in, got, want)
		}
	}
}

// FuzzFor: whatever a playlist names, what is meant for one origin goes to no
// other.
func FuzzFor(f *testing.F) {
	for _, u := range []string{"https://a.example/", "https://a.example:443@b/", "http://a.example\\@b/", "//a.example", "https://a.example%2f@b"} {
		f.Add(u)
	}
	s := New([]string{"https://u:secret@a.example/i.m3u8"}, []Header{{"X", "token"}}, nil)
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := url.Parse(raw)
		if err != nil {
			return
		}
		g := s.For(u)
		own := u.Scheme == "https" && strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), "a.example") && (u.Port() == "" || u.Port() == "443")
		if text := fmt.Sprint(g.Headers); !own && strings.Contains(text, "token") || g.Own != own {
			t.Errorf("%q: %+v", raw, g)
		}
		if b := Bare(raw); len(b) > len(raw) {
			t.Errorf("%q: %q", raw, b)
		}
	})
}
