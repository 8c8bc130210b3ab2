package serve

import (
	"strings"
	"testing"

	"hlsload/rig"
)

// TestPagesOfOtherSitesCannotControl: no request that a page of another site can
// make a browser send is answered, whatever name the page has.
func TestPagesOfOtherSitesCannotControl(t *testing.T) {
	s := start(t, func(_ *rig.Config, c *Config) { c.Control, c.Decode = "127.0.0.1:0", decodeFault })
	c := client(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.Control(), "http://"), ":")
	const flush = `{"name":"flush","fault":"edge.flush"}`
	for _, r := range []struct {
		what   string
		header []string
		status int
	}{
		{"a program", nil, 201},
		{"a program that uses a name", []string{"Host", "localhost:" + port}, 201},
		{"a program that uses IPv6", []string{"Host", "[::1]:" + port}, 201},
		{"JSON in UTF-8", []string{"Content-Type", "application/json; charset=utf-8"}, 201},
		{"the page of the rig", []string{"Origin", s.Control(), "Sec-Fetch-Site", "same-origin"}, 201},
		{"the page of the rig, by name", []string{"Host", "localhost:" + port, "Origin", "http://localhost:" + port}, 201},
		{"another site", []string{"Origin", "https://example.com", "Sec-Fetch-Site", "cross-site"}, 403},
		{"another site in an old browser", []string{"Origin", "https://example.com"}, 403},
		{"a sandboxed frame", []string{"Origin", "null"}, 403},
		{"another program's page on this machine", []string{"Origin", "http://127.0.0.1:3000", "Sec-Fetch-Site", "same-site"}, 403},
		{"no origin, another site", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"DNS rebinding", []string{"Host", "rebound.example:" + port, "Origin", "http://rebound.example:" + port, "Sec-Fetch-Site", "same-origin"}, 403},
		{"DNS rebinding without an origin", []string{"Host", "rebound.example:" + port}, 403},
		{"DNS rebinding with a name like ours", []string{"Host", "localhost.example:" + port}, 403},
		{"DNS rebinding with a name like an address", []string{"Host", "127.0.0.1.example:" + port}, 403},
		{"a form", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"what needs no preflight", []string{"Content-Type", "text/plain"}, 415},
		{"no content type", []string{"Content-Type", ""}, 415},
	} {
		if res, body := do(t, c, "POST", s.Control()+"/faults", flush, r.header...); res.StatusCode != r.status || res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("POST by %s: %d %s; want %d and no CORS headers", r.what, res.StatusCode, body, r.status)
		}
		if r.status != 403 {
			continue
		}
		for _, m := range []struct{ method, path string }{{"GET", "/stats"}, {"GET", "/faults"}, {"DELETE", "/faults/flush"}} {
			if res, _ := do(t, c, m.method, s.Control()+m.path, "", r.header...); res.StatusCode != 403 {
				t.Errorf("%s %s by %s: %d; want 403", m.method, m.path, r.what, res.StatusCode)
			}
		}
	}
	if res, _ := do(t, c, "OPTIONS", s.Control()+"/faults", "", "Origin", "https://example.com", "Access-Control-Request-Method", "POST"); res.StatusCode < 400 {
		t.Errorf("preflight: %d; want a refusal", res.StatusCode)
	}
}

func TestHostThatWasGiven(t *testing.T) {
	for _, c := range []struct {
		header, own string
		want        bool
	}{
		{"rig:8090", "rig", true},
		{"RIG", "rig", true},
		{"rig:8090", "", false},
		{"other:8090", "rig", false},
		{"", "", false},
		{"192.0.2.1", "", true},
		{"[2001:db8::1]", "", true},
	} {
		if got := ourHost(c.header, c.own); got != c.want {
			t.Errorf("Host %q at %q: %v; want %v", c.header, c.own, got, c.want)
		}
	}
}

// TestPageOpens: a person may follow a link to the page; no other site may frame
// it, and none may open it under a name.
func TestPageOpens(t *testing.T) {
	s := start(t, func(_ *rig.Config, c *Config) { c.Control, c.Decode = "127.0.0.1:0", decodeFault })
	c := client(t)
	for _, r := range []struct {
		what   string
		header []string
		status int
	}{
		{"typed", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Dest", "document"}, 200},
		{"followed from another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, 200},
		{"framed", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, 403},
		{"fetched by another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "empty"}, 403},
		{"rebound", []string{"Host", "rebound.example", "Sec-Fetch-Site", "none", "Sec-Fetch-Dest", "document"}, 403},
	} {
		res, body := do(t, c, "GET", s.Control()+"/", "", r.header...)
		policy := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != r.status || r.status == 200 && (!strings.Contains(policy, "connect-src 'self' "+s.Edge(0)) || !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(string(body), s.URLs()[1])) {
			t.Errorf("%s: %d, policy %q; want %d", r.what, res.StatusCode, policy, r.status)
		}
	}
	if res, _ := do(t, c, "GET", s.Control()+"/hls.min.js", "", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "script"); res.StatusCode != 200 || res.ContentLength < 500_000 {
		t.Errorf("hls.js: %d, %d bytes", res.StatusCode, res.ContentLength)
	}
}
