package m3u8

import (
	"net/url"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	const base = "https://cdn.example.com/live/p0/index.m3u8?token=1"
	tests := []struct{ base, ref, want string }{
		{base, "a.ts", "https://cdn.example.com/live/p0/a.ts"},
		{base, "a/b.ts?x=/../y", "https://cdn.example.com/live/p0/a/b.ts?x=/../y"},
		{base, "a%20b.ts", "https://cdn.example.com/live/p0/a%20b.ts"},
		{base, "../p1/a.ts", "https://cdn.example.com/live/p1/a.ts"},
		{base, "a/./b/../c.ts", "https://cdn.example.com/live/p0/a/c.ts"},
		{base, "../../../../a.ts", "https://cdn.example.com/a.ts"},
		{base, "/a.ts", "https://cdn.example.com/a.ts"},
		{base, "/../a.ts", "https://cdn.example.com/a.ts"},
		{base, "//b.example.com/a.ts", "https://b.example.com/a.ts"},
		{base, "http://b.example.com:81/a.ts", "http://b.example.com:81/a.ts"},
		{base, "http://b.example.com/a/../b.ts", "http://b.example.com/b.ts"},
		{base, "http://b.example.com", "http://b.example.com"},
		{base, "?x=2", "https://cdn.example.com/live/p0/index.m3u8?x=2"},
		{base, "a.ts?", "https://cdn.example.com/live/p0/a.ts?"},
		{base, "a.ts#f", "https://cdn.example.com/live/p0/a.ts#f"},
		{base, "..a/b..ts", "https://cdn.example.com/live/p0/..a/b..ts"},
		{base, ".hidden", "https://cdn.example.com/live/p0/.hidden"},
		{base, "x?u=http://y", "https://cdn.example.com/live/p0/x?u=http://y"},
		{base, "x/u:v", "https://cdn.example.com/live/p0/x/u:v"},
		{base, "data:text/plain;base64,AA==", "data:text/plain;base64,AA=="},
		{base, "skd://key", "skd://key"},
		// What browsers make of what is no reference.
		{base, "my video.ts", "https://cdn.example.com/live/p0/my%20video.ts"},
		{base, "é.ts?q=é\"<>", "https://cdn.example.com/live/p0/%C3%A9.ts?q=%C3%A9%22%3C%3E"},
		{base, "100%.ts", "https://cdn.example.com/live/p0/100%25.ts"},
		{base, `a\b.ts`, "https://cdn.example.com/live/p0/a%5Cb.ts"},
		{base, "10:00:00.ts", "https://cdn.example.com/live/p0/10:00:00.ts"},
		{base, "a\x00", "https://cdn.example.com/live/p0/a%00"},
		{base, "a\rb", "https://cdn.example.com/live/p0/a%0Db"},
		{base, "a\tb", "https://cdn.example.com/live/p0/a%09b"},
		// What is refused.
		{base, "http://[::1/a.ts", ""},
		{base, "//host:port/a.ts", ""},
		// Other bases.
		{"http://h", "a.ts", "http://h/a.ts"},
		{"http://h?x", "?y", "http://h?y"},
		{"http://u:p@h/x/y", "a.ts", "http://u:p@h/x/a.ts"},
		{"http://[::1]:80/x/y", "a.ts", "http://[::1]:80/x/a.ts"},
		{"http://h/a/../b/c", "a.ts", "http://h/b/a.ts"},
		{"http://h//x/y", "a.ts", "http://h//x/a.ts"},
		{"http://h/a%2Fb/c", "d.ts", "http://h/a%2Fb/d.ts"},
		{"http://h/é x/c", "d.ts", "http://h/%C3%A9%20x/d.ts"},
		{"live/index.m3u8", "a.ts", "/live/a.ts"},
		{"", "a.ts", "a.ts"},
		{"", "a\x00.ts", "a%00.ts"},
	}
	for _, tt := range tests {
		var u *url.URL
		if tt.base != "" {
			var err error
			if u, err = url.Parse(tt.base); err != nil {
				t.Fatal(err)
			}
		}
		r := newResolver(u, 1<<20)
		for range 2 { // the second time it may remember
			got, ok := r.resolve(tt.ref)
			if ok != (tt.want != "") || ok && got != tt.want {
				t.Errorf("%s from %s: got %q, %v; want %q", tt.ref, tt.base, got, ok, tt.want)
			}
		}
	}
}

// FuzzResolve compares the short way with net/url.
func FuzzResolve(f *testing.F) {
	for _, base := range []string{"https://cdn.example.com/live/p0/index.m3u8?token=1", "http://h", "http://h//x/./y", "http://u@h/x", "/x/y", "mailto:x", "http://h/a%2fb/*"} {
		for _, ref := range []string{"a.ts", "../a", "/a", "//h/a", "http://h/a/b", "http://h/../b", "?x", "a:b", "1:2", "a%zz", "é", "a?b/../c", "*", "http://h:x/", "", "HTTP://H/a"} {
			f.Add(base, ref, ref)
		}
	}
	f.Fuzz(func(t *testing.T, base, before, ref string) {
		u, err := url.Parse(base)
		if err != nil {
			return
		}
		r := newResolver(u, 1<<20)
		r.resolve(before)
		got, ok := r.resolve(ref)
		long := resolver{base: u, budget: 1 << 20}
		want := long.ask(ref)
		if ok != (want != "") || ok && got != want {
			t.Fatalf("%q from %q: got %q, %v; net/url says %q", ref, base, got, ok, want)
		}
		if !ok {
			return
		}
		if _, err := url.Parse(got); err != nil {
			t.Fatalf("%q from %q: got %q: %v", ref, base, got, err)
		}
	})
}

func TestNoBase(t *testing.T) {
	m, err := ParseMedia([]byte(media("#EXT-X-MAP:URI=\"../i\"\n#EXTINF:4,\n../a b.ts\n")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := m.Segments[0]; s.URL != "../a b.ts" || s.Map.URL != "../i" {
		t.Errorf("got URLs %q and %q; want the URIs", s.URL, s.Map.URL)
	}
}

// TestURLs finds every URL field filled.
func TestURLs(t *testing.T) {
	base, err := url.Parse("http://h/a/b.m3u8")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMedia([]byte(media(`#EXT-X-KEY:METHOD=AES-128,URI="k"
#EXT-X-MAP:URI="i"
#EXT-X-PART:DURATION=1,URI="p"
#EXTINF:4,
s
#EXT-X-PART:DURATION=1,URI="q"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="r"
#EXT-X-RENDITION-REPORT:URI="../t"
`)), Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	seg := m.Segments[0]
	got := []string{seg.Keys[0].URL, seg.Map.URL, seg.Parts[0].URL, seg.URL, m.Parts[0].URL, m.PreloadHints[0].URL, m.RenditionReports[0].URL}
	v, err := ParseMultivariant([]byte(`#EXTM3U
#EXT-X-CONTENT-STEERING:SERVER-URI="a"
#EXT-X-SESSION-DATA:DATA-ID="x",URI="b"
#EXT-X-SESSION-KEY:METHOD=AES-128,URI="c"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="n",URI="d"
#EXT-X-STREAM-INF:BANDWIDTH=1
e
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="f"
`), Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, v.Steering.ServerURL, v.SessionData[0].URL, v.SessionKeys[0].URL, v.Renditions[0].URL, v.Variants[0].URL, v.IFrameVariants[0].URL)
	want := "http://h/a/k http://h/a/i http://h/a/p http://h/a/s http://h/a/q http://h/a/r http://h/t " +
		"http://h/a/a http://h/a/b http://h/a/c http://h/a/d http://h/a/e http://h/a/f"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got %s\nwant %s", s, want)
	}
}
