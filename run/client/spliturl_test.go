package client

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"hlsload/player/credential"
)

// FuzzSplitURL: the engine goes to the very host for which credentials, cookies,
// consent and ceilings were decided.
func FuzzSplitURL(f *testing.F) {
	for _, s := range []string{"http://a.example/", "http://a.example:80@b/", `http://a\@b/`, `http://a\b/`, "http://[::1]:80/x", "http://h:/x", "http://h:65536/", "http://h:0/", "http://h%41/",
		"http://h%41?x=/", "http://[fe80::1%25eth0]/", "http://h:ssh/", "http://h?@b/", "http://h/?#", "http://h#@b/", "HTTP://H./", "http:////h/", "http://[::1/", "http://a:80:80/", "http://ü/", "http://u:p@h@i/", "http://h/?a b\u00fc%zz", "http://h/!%", "http://h/%2", "http://h/%41?%4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		s := credential.Bare(raw)
		addr, host, target, err := splitURL(s)
		if err != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil {
			t.Fatalf("%q: %q %q %q, and net/url says %v", s, addr, host, target, err)
		}
		name, port, err := net.SplitHostPort(addr)
		if err != nil {
			return // cannot be dialled
		}
		want := u.Port()
		if want == "" {
			want = "80"
		}
		if name != u.Hostname() || port != want || host != strings.TrimSuffix(u.Host, ":") || strings.ContainsAny(host+target, "\r\n ") {
			t.Errorf("%q: %q %q %q; net/url has %q", s, addr, host, target, u.Host)
		}
		if !strings.Contains(s, "%") && HostName(s) != strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")) {
			t.Errorf("%q: requests to %q count as to %q", s, u.Hostname(), HostName(s))
		}
	})
}
