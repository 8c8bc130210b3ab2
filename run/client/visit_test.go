package client

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"hlsload/player/credential"
)

// TestVisitor: single requests follow the rules of players.
func TestVisitor(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("Accept-Encoding %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, "#EXTM3U")
		z.Close()
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1000)) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write(make([]byte, 10))
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/wall", func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("s"); err != nil {
			http.SetCookie(w, &http.Cookie{Name: "s", Value: "cookie-value-1", Path: "/"})
			http.Redirect(w, r, "/wall", http.StatusFound)
			return
		}
		fmt.Fprint(w, "in: ", r.Header.Get("X-Token"), r.Header.Get("Referer"))
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://%zz/"+r.Header.Get("Cookie"))
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/no", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	srv, other := httptest.NewServer(mux), httptest.NewServer(mux)
	defer srv.Close()
	defer other.Close()
	var lines []string
	var hops []string
	v := NewVisitor(VisitorConfig{
		UserAgent: "look/1", Credentials: credential.New([]string{srv.URL}, []credential.Header{{Name: "X-Token", Value: "t"}}, nil),
		SetCookie: func(line string) { lines = append(lines, line) },
		Before: func(_ context.Context, h Hop) error {
			hops = append(hops, fmt.Sprintf("%s own %v with credentials %v", h.URL.Path, h.Own, h.Credentials))
			if h.URL.Path == "/never" {
				return errors.New("not asked")
			}
			return nil
		},
	})
	defer v.Close()
	for _, c := range []struct {
		url  string
		keep bool
		want string // status, size, body, then the error
	}{
		{srv.URL + "/gzip", true, " #EXTM3U"},
		{srv.URL + "/long", true, "too large"},
		{srv.URL + "/long", false, "too large"},
		{srv.URL + "/cut", true, "200 10"},
		{srv.URL + "/cut", false, "unexpected EOF"},
		{srv.URL + "/wall", true, "200 5 in: t"},
		{srv.URL + "/wall", false, "200 5"},
		{srv.URL + "/echo", true, "***"},
		{srv.URL + "/no", true, "403 3 no"},
		{other.URL + "/no", true, "403 3 no\n withheld"},
		{srv.URL + "/never", true, "not asked"},
		{"http://h:port/", true, "invalid port"},
	} {
		a, err := v.Get(t.Context(), c.url, 100, c.keep)
		got := ""
		if a != nil {
			got = fmt.Sprintf("%d %d %s", a.Status, a.Size, strings.Trim(string(a.Body), "\x00"))
			if a.Withheld {
				got += " withheld"
			}
		}
		if err != nil {
			got += " " + err.Error()
		}
		if !strings.Contains(got, c.want) || strings.Contains(got, "cookie-value") || strings.Contains(c.want, "large") != errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %q; want %q", c.url, got, c.want)
		}
	}
	all := strings.Join(hops, "; ")
	for _, want := range []string{"/wall own true with credentials true; /wall own true with credentials true", "/no own true", "/no own false", "/never own true"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %s", want, all)
		}
	}
	if len(lines) != 1 {
		t.Errorf("told of the cookies %v; want one", lines)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := v.Get(ctx, srv.URL+"/slow", 100, true); !Timeout(err) {
		t.Errorf("slow: %v", err)
	}
	stays := NewVisitor(VisitorConfig{Stay: true, Allow: func(host string, addrs []netip.Addr) error {
		if host != "127.0.0.1" || len(addrs) != 1 {
			return errors.New("what")
		}
		return nil
	}})
	defer stays.Close()
	if a, err := stays.Get(t.Context(), srv.URL+"/wall", 100, true); err != nil || a.Status != http.StatusFound || a.Header.Get("Location") != "/wall" {
		t.Errorf("a redirect that is an answer: %+v, %v", a, err)
	}
}

// TestCookies: RFC 6265, its limits, and public suffixes.
func TestCookies(t *testing.T) {
	at := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	var k cookies
	for _, c := range []struct{ url, line string }{
		{"https://a.example.com/live/i.m3u8", "host=1"},
		{"https://a.example.com/live/i.m3u8", "all=2; Domain=example.com; Path=/"},
		{"https://a.example.com/live/i.m3u8", "safe=3; Secure; Path=/"},
		{"https://a.example.com/live/i.m3u8", "other=4; Domain=b.example.com"},
		{"https://d1.cloudfront.net/i.m3u8", "suffix=5; Domain=cloudfront.net; Path=/"},
		{"https://d1.cloudfront.net/i.m3u8", "own=6; Path=/"},
		{"https://a.example.com/live/i.m3u8", "gone=7; Max-Age=0"},
		{"https://a.example.com/live/i.m3u8", "long=" + strings.Repeat("x", maxCookie)},
	} {
		k.keep(at(c.url), []string{c.line})
	}
	for u, want := range map[string]string{
		"https://a.example.com/live/1.ts": "host=1; all=2; safe=3",
		"http://a.example.com/live/1.ts":  "host=1; all=2",
		"https://a.example.com/1.ts":      "all=2; safe=3",
		"https://b.example.com/live/1.ts": "all=2",
		"https://example.org/":            "",
		"https://d1.cloudfront.net/1.ts":  "own=6",
		"https://d2.cloudfront.net/1.ts":  "",
	} {
		if got := k.header(at(u), ""); got != want {
			t.Errorf("%s is sent %q; want %q", u, got, want)
		}
	}
	if got := k.header(at("https://b.example.com/"), "written=out"); got != "written=out; all=2" {
		t.Errorf("beside a header: %q", got)
	}
	k.keep(at("https://q.example.org/"), []string{`quoted="a b"`})
	if got := k.header(at("https://q.example.org/"), ""); got != `quoted="a b"` {
		t.Errorf("a value in quotes is sent as %s", got)
	}
	if got := k.hide("a=sent-before; b=x", "sent-before and x, 1, written%2Dout"); got != "*** and x, 1, written%2Dout" {
		t.Errorf("hidden: %q", got)
	}
}

// TestCookieFlood: a server that sets cookies without end has the oldest ones
// forgotten, and those that it renews kept, whatever their paths.
func TestCookieFlood(t *testing.T) {
	for name, flood := range map[string]func(i int) (u, line string){
		"names": func(i int) (string, string) { return "https://a.example.com/x", fmt.Sprintf("n%d=1; Path=/d%d", i, i) },
		"directories": func(i int) (string, string) {
			return fmt.Sprintf("https://a.example.com/d%d/x", i), "n=" + strings.Repeat("v", 2000)
		},
		"hosts": func(i int) (string, string) {
			return fmt.Sprintf("https://h%d.example.com/", i), "n=" + strings.Repeat("v", 2000)
		},
		"domains": func(i int) (string, string) {
			return fmt.Sprintf("https://h%d.example.com/", i), fmt.Sprintf("n%d=%02000d; Domain=example.com", i, i)
		},
		"paths": func(i int) (string, string) {
			return "https://a.example.com/" + strings.Repeat("p", 5000) + fmt.Sprint(i) + "/x", "n=1"
		},
	} {
		t.Run(name, func(t *testing.T) {
			var k cookies
			const n = 500
			sent := 0
			var last *url.URL
			for i := range n {
				u, line := flood(i)
				var err error
				if last, err = url.Parse(u); err != nil {
					t.Fatal(err)
				}
				k.keep(last, []string{line})
				if i%100 == 0 {
					k.keep(&url.URL{Scheme: "https", Host: "own.example.net", Path: "/"}, []string{fmt.Sprintf("session=%d; Path=/", i)})
				}
			}
			if len(k.kept) > maxCookies || k.size > maxCookieBytes+maxCookie || k.size < 0 {
				t.Errorf("%d cookies of %d bytes are kept; want at most %d of %d", len(k.kept), k.size, maxCookies, maxCookieBytes)
			}
			for i := range n {
				u, _ := flood(i)
				p, _ := url.Parse(u)
				if name == "names" {
					p.Path = fmt.Sprintf("/d%d", i)
				}
				if name != "domains" && k.header(p, "") != "" {
					sent++
				}
			}
			if sent > maxCookies {
				t.Errorf("%d cookies are in the jar; want at most %d", sent, maxCookies)
			}
			if got := len(k.jar.Cookies(last)); got > maxCookies {
				t.Errorf("%d cookies of a host", got)
			}
			if name == "names" {
				last.Path = fmt.Sprintf("/d%d", n-1)
			}
			if k.header(last, "") == "" {
				t.Error("the newest cookie is not kept")
			}
		})
	}
	var k cookies
	k.keep(&url.URL{Scheme: "https", Host: "first.example.net", Path: "/"}, []string{"first=1"})
	defer func() {
		if got := k.header(&url.URL{Scheme: "https", Host: "first.example.net", Path: "/"}, ""); got != "first=1" {
			t.Errorf("another host's cookie is sent as %q", got)
		}
	}()
	own := &url.URL{Scheme: "https", Host: "own.example.net", Path: "/"}
	for i := range 1000 {
		k.keep(own, []string{fmt.Sprintf("session=%d; Path=/", i), fmt.Sprintf("s%d=x", i)})
	}
	if got := k.header(own, ""); !strings.HasPrefix(got, "session=999; ") && !strings.Contains(got, "; session=999") {
		t.Errorf("a cookie that is renewed is sent as %.80s", got)
	}
}
