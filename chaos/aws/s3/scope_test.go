package s3

import (
	"strings"
	"testing"
)

func TestNamed(t *testing.T) {
	for _, c := range []struct {
		key, rendition string
		want           bool
	}{
		{"live/p0/index_1280x720.m3u8", "1280x720", true},
		{"live/index_a_1280x720.m3u8", "1280x720", true},
		{"live/1280x720.m3u8", "1280x720", true},
		{"live/index_11280x720.m3u8", "1280x720", false},
		{"live/index_1280x7200.m3u8", "1280x720", false},
		{"live/index_high.m3u8", "high", true},
		{"live/index_veryhigh.m3u8", "high", false},
	} {
		if got := named(c.key, c.rendition); got != c.want {
			t.Errorf("%s, %s: got %v", c.key, c.rendition, got)
		}
	}
}

// A pattern for segments never reaches another rendition.
func TestBegin(t *testing.T) {
	others := []object{{key: "p/index_1.m3u8"}, {key: "p/index_10.m3u8"}, {key: "p/a.m3u8"}, {key: "p/a_b.m3u8"}}
	for _, c := range []struct {
		playlist, segment, want, err string
	}{
		{"p/index_1.m3u8", "p/index_1_00001.ts", "p/index_1_*", ""},
		{"p/index_1.m3u8", "p/index_100001.ts", "", "would reach p/index_10.m3u8"},
		{"p/a.m3u8", "p/a_00001.ts", "", "would reach p/a_b.m3u8"},
		{"p/a.m3u8", "q/a_00001.ts", "", "not named as their playlist"},
	} {
		got, err := begin(c.playlist, []string{c.segment}, others)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %q, %v; want %q, %s", c.playlist, got, err, c.want, c.err)
		}
	}
}
