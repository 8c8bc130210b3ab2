package m3u8

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

// refused is what is no playlist, or has nothing to play. It seeds the fuzz
// targets.
var refused = []struct{ name, text, want string }{
	{"empty", "", "line 1: got an empty body; want #EXTM3U"},
	{"HTML", "<!DOCTYPE html>\n<html>", `line 1: got HTML or XML ("<!DOCTYPE html>"); want #EXTM3U`},
	{"JSON", `{"error":"denied"}`, `line 1: got "{\"error\":\"denied\"}"; want #EXTM3U`},
	{"gzip", "\x1f\x8b\x08\x00", `line 1: got "\x1f\x8b\b\x00"; want #EXTM3U`},
	{"no target duration and no segments", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:1\n", "line 2: got no EXT-X-TARGETDURATION in the whole playlist; want one"},
	{"target duration", "#EXTM3U\n#EXT-X-VERSION:3\n\n\n\n\n#EXT-X-TARGETDURATION:x\n", `line 7: got no EXT-X-TARGETDURATION in the whole playlist; want one`},
	{"target duration missing", "#EXTM3U\n#EXT-X-TARGETDURATION\n", `line 2: got no EXT-X-TARGETDURATION in the whole playlist; want one`},
	{"mixed", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n#EXTINF:4,\n", "line 4: got no EXT-X-TARGETDURATION in the whole playlist; want one"},
	{"text", "404 page not found\n", `line 1: got "404 page not found"; want #EXTM3U`},
	{"a page that begins with a comment", "# not found\n", `line 1: got "# not found"; want #EXTM3U`},
	{"zeros", "\x00\x00\x00", `line 1: got "\x00\x00\x00"; want #EXTM3U`},
	{"blank", " \r\n\n", "line 1: got an empty body; want #EXTM3U"},
}

func media(rest string) string { return "#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + rest }

func TestRefused(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse([]byte(tt.text), Options{})
			if err == nil {
				t.Fatalf("got %+v; want error %q", p, tt.want)
			}
			if err.Error() != tt.want {
				t.Errorf("got error %q\nwant %q", err, tt.want)
			}
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 {
				t.Errorf("got %#v; want an *Error with a line", err)
			}
		})
	}
}

// TestWrongKind asks for one kind and gets the other.
func TestWrongKind(t *testing.T) {
	check := func(err error, want string) {
		t.Helper()
		if err == nil || err.Error() != want {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
	_, err := ParseMedia([]byte("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n"), Options{})
	check(err, "line 2: EXT-X-STREAM-INF: got a multivariant playlist; want a media playlist")
	_, err = ParseMultivariant([]byte(media("")), Options{})
	check(err, "line 2: EXT-X-TARGETDURATION: got a media playlist; want a multivariant playlist")
	_, err = ParseMedia([]byte("#EXTM3U\n"), Options{})
	check(err, "line 1: got a playlist without a tag of a media playlist; want EXT-X-TARGETDURATION")
	if _, err = ParseMultivariant([]byte("#EXTM3U\n"), Options{}); err != nil {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	small := Limits{Body: 4000, Line: 200, Segments: 2, Parts: 2, Variants: 2, Tags: 3}
	tests := []struct{ name, text, want string }{
		{"body", media(strings.Repeat("#\n", 2000)), "got a body of 4032 bytes; want at most 4000"},
		{"line", media("#EXTINF:4,\n" + strings.Repeat("x", 201)), "line 4: line: got 201 bytes; want at most 200"},
		{"segments", media(strings.Repeat("#EXTINF:4,\na\n", 3)), "line 8: got more than 2 segments; want no more"},
		{"parts", media(strings.Repeat("#EXT-X-PART:URI=\"a\",DURATION=1\n", 3)), "line 5: EXT-X-PART: got more than 2 parts; want no more"},
		{"variants", "#EXTM3U\n" + strings.Repeat("#EXT-X-STREAM-INF:BANDWIDTH=1\na\n", 3), "line 7: EXT-X-STREAM-INF: got more than 2; want no more"},
		{"I-frame variants", "#EXTM3U\n" + strings.Repeat("#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"a\"\n", 3), "line 4: EXT-X-I-FRAME-STREAM-INF: got more than 2; want no more"},
		{"renditions", "#EXTM3U\n" + strings.Repeat("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\"\n", 3), "line 4: EXT-X-MEDIA: got more than 2; want no more"},
		{"maps", media("#EXT-X-MAP:URI=\"1\"\n#EXT-X-MAP:URI=\"2\"\n#EXT-X-MAP:URI=\"3\"\n#EXT-X-MAP:URI=\"4\"\n"), "line 6: EXT-X-MAP: got more than 3 tags of its class; want no more"},
		{"keys", media("#EXT-X-KEY:METHOD=AES-128,URI=\"1\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"2\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"3\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"4\"\n"),
			"line 6: EXT-X-KEY: got more than 3 tags of its class; want no more"},
		{"skipped segments", media("#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n"), `line 3: EXT-X-SKIP: SKIPPED-SEGMENTS: got "3"; want an integer from 0 to 2`},
		{"substituted line", media("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"" + strings.Repeat("x", 150) + "\"\n#EXTINF:4,\n{$a}{$a}\n"), `line 5: variable reference: got more than 200 bytes; want less after substitution`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text), Options{Limits: small})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v\nwant %q", err, tt.want)
			}
		})
	}
	for _, tt := range []struct{ name, text, want string }{
		{"unknown tags", media(strings.Repeat("#EXT-X-FOO\n", 4)), "too-many: line 6: EXT-X-FOO: got more than 3 tags of its class; want no more: left out"},
		{"date ranges", media(strings.Repeat("#EXT-X-DATERANGE:ID=\"a\"\n", 4)), "too-many: line 6: EXT-X-DATERANGE: got more than 3 tags of its class; want no more: left out"},
		{"attributes", media("#EXT-X-DATERANGE:ID=1," + numbered("%=,", 33)), `too-many: line 3: EXT-X-DATERANGE: got more than 32 attributes; want no more: left out`},
		{"long tag", media("#EXT-X-FOO:" + strings.Repeat("x", 200) + "\n#" + strings.Repeat("x", 300)), "long-line: line 3: line: got 211 bytes; want at most 200: left out"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse([]byte(tt.text), Options{Limits: small})
			if err != nil {
				t.Fatal(err)
			}
			if got := told(p); len(got) != 1 || got[0] != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("URLs", func(t *testing.T) {
		base, err := url.Parse("http://h/" + strings.Repeat("d", 70_000) + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse([]byte(media("#EXTINF:4,\na\n#EXTINF:4,\nb\n")), Options{Base: base, Limits: small})
		if want := "line 4: URI line: URI: got URLs of more than 64000 bytes in all; want fewer"; err == nil || err.Error() != want {
			t.Errorf("got error %v, want %q", err, want)
		}
	})
	t.Run("key formats", func(t *testing.T) {
		_, err := Parse([]byte(media(numbered("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"%\"\n", 17))), Options{})
		if want := "line 19: EXT-X-KEY: got more than 16 formats; want no more"; err == nil || err.Error() != want {
			t.Errorf("got error %v, want %q", err, want)
		}
	})
	t.Run("findings", func(t *testing.T) {
		m, err := ParseMedia([]byte(media(strings.Repeat("#EXT-X-KEY:METHOD=X\n", 1000))), Options{})
		if err != nil || len(m.Findings) != maxPerCode || m.Findings[maxPerCode-1].Times != 1000-maxPerCode+1 {
			t.Errorf("got %v, %v; want %d findings, the last of them for all others", m, err, maxPerCode)
		}
	})
}
