package chaos

import (
	"strings"
	"testing"
	"time"

	"hlsload/player/m3u8"
)

const edited3 = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:10\n" +
	"#EXTINF:4.0,\na10.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4.0,\na11.ts\n#EXTINF:3.5,\na12.ts\n"

func TestEdits(t *testing.T) {
	head := "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:10\n"
	crlf := strings.ReplaceAll(edited3, "\n", "\r\n")
	for _, c := range []struct{ name, got, want string }{
		{"drop none", string(dropLast([]byte(edited3), 0)), edited3},
		{"drop one", string(dropLast([]byte(edited3), 1)), head + "#EXTINF:4.0,\na10.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4.0,\na11.ts\n"},
		{"drop two, with the discontinuity", string(dropLast([]byte(edited3), 2)), head + "#EXTINF:4.0,\na10.ts\n"},
		{"one is left", string(dropLast([]byte(edited3), 99)), head + "#EXTINF:4.0,\na10.ts\n"},
		{"line ends stay", string(dropLast([]byte(crlf), 2)), strings.ReplaceAll(head+"#EXTINF:4.0,\na10.ts\n", "\n", "\r\n")},
		{"no segments", string(dropLast([]byte(head), 2)), head},
		{"the end goes, what holds for all stays",
			string(dropLast([]byte("#EXTM3U\n#EXTINF:4,\na\n#EXTINF:4,\nb\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"c\"\n#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST\n"), 1)),
			"#EXTM3U\n#EXTINF:4,\na\n#EXT-X-TARGETDURATION:4\n"},
		{"before, less than a segment", string(before([]byte(edited3), 3*time.Second)), edited3},
		{"before, one segment", string(before([]byte(edited3), 7*time.Second)), head + "#EXTINF:4.0,\na10.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4.0,\na11.ts\n"},
		{"before, all but one", string(before([]byte(edited3), time.Hour)), head + "#EXTINF:4.0,\na10.ts\n"},
		{"before, unknown durations", string(before([]byte("#EXTM3U\n#EXTINF:x,\na\n#EXTINF:x,\nb\n"), time.Hour)), "#EXTM3U\n#EXTINF:x,\na\n#EXTINF:x,\nb\n"},
		{"endlist", string(endlist([]byte(edited3))), edited3 + "#EXT-X-ENDLIST\n"},
		{"endlist on an open line", string(endlist([]byte("#EXTM3U\n#EXTINF:4,\na"))), "#EXTM3U\n#EXTINF:4,\na\n#EXT-X-ENDLIST\n"},
		{"endlist twice", string(endlist(endlist([]byte(edited3)))), edited3 + "#EXT-X-ENDLIST\n"},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, c.got, c.want)
		}
	}
}

func TestTargetOf(t *testing.T) {
	for text, want := range map[string]time.Duration{
		edited3:                               4 * time.Second,
		"#EXTM3U\n":                           0,
		"#EXT-X-TARGETDURATION:6":             6 * time.Second,
		"#EXT-X-TARGETDURATION:-6\n":          0,
		"#EXT-X-TARGETDURATION:NaN\n":         0,
		"#EXT-X-TARGETDURATION:1e300\n":       0,
		"#EXT-X-TARGETDURATION: 2.5 \r\nx":    2500 * time.Millisecond,
		"#EXT-X-TARGETDURATION:" + zeros(400): 0,
	} {
		if got := targetOf([]byte(text)); got != want {
			t.Errorf("%.40q: %v, want %v", text, got, want)
		}
		if o := outlineOf([]byte(text)); o.target != want {
			t.Errorf("outline of %.40q: %v, want %v", text, o.target, want)
		}
	}
}

func zeros(n int) string { return strings.Repeat("0", n) + "1" }

func TestEditsStayValid(t *testing.T) {
	for n := range 4 {
		for _, body := range [][]byte{dropLast([]byte(edited3), n), endlist(dropLast([]byte(edited3), n))} {
			p, err := m3u8.ParseMedia(body, m3u8.Options{})
			if err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			if len(p.Segments) != max(1, 3-n) || p.MediaSequence != 10 {
				t.Errorf("dropping %d left %d segments from %d", n, len(p.Segments), p.MediaSequence)
			}
		}
	}
}
