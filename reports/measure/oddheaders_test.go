package measure

import (
	"bytes"
	"strings"
	"testing"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
	"hlsload/reports/page"
	"hlsload/reports/record"
)

// TestNotUnderstood names headers of caches that say nothing that is known, and
// only those of answers that nothing else tells about.
func TestNotUnderstood(t *testing.T) {
	for _, tc := range []struct {
		name     string
		outcomes []cdn.Outcome
		want     string
	}{
		{"none", []cdn.Outcome{{}}, "origin load unknown: the answers carry no cache headers"},
		{"one", []cdn.Outcome{{Odd: cdn.OddHeader{Name: "X-Foo-Cache", Sum: 1}}},
			"origin load unknown: cache headers that are not understood: X-Foo-Cache (1 value seen)"},
		{"values and words", []cdn.Outcome{{Odd: cdn.OddHeader{Name: "X-Foo-Cache", Sum: 1}}, {Odd: cdn.OddHeader{Name: "X-Foo-Cache", Word: "HIT", Sum: 2}}, {Odd: cdn.OddHeader{Name: "X-Foo-Cache", Word: "MISS", Sum: 3}}},
			"origin load unknown: cache headers that are not understood: X-Foo-Cache (3 values seen, among them HIT, MISS)"},
		{"beside some that are", []cdn.Outcome{{Odd: cdn.OddHeader{Name: "X-Cache-Status", Sum: 1}}, {Cache: cdn.CacheHit}},
			"hit ratio 100 %; origin load estimated from response headers; cache headers that are not understood: X-Cache-Status (1 value seen)"},
		{"understood", []cdn.Outcome{{Cache: cdn.CacheHit, Odd: cdn.OddHeader{Name: "X-Foo-Cache", Sum: 1}}},
			"hit ratio 100 %; origin load estimated from response headers"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sc := newScene(t, sceneConfig())
			v := sc.watching(0)
			for i, m := range tc.outcomes {
				at := 10 + float64(i)
				v.add(at, player.Sample{Type: player.Requested, Kind: m3u8.KindSegment}, nil)
				v.add(at+.1, player.Sample{Type: player.Answered, Kind: m3u8.KindSegment, Status: 200, Sent: sec(at), FirstByte: sec(at + .05)}, &record.Meta{Outcome: m})
			}
			var b bytes.Buffer
			if err := page.WriteText(sc.finish(End{}), &b, page.TextOptions{Width: 1000, Detail: page.Full}); err != nil || !strings.Contains(b.String(), "\n  "+tc.want+"\n") {
				t.Errorf("got %s, %v; want %q", &b, err, tc.want)
			}
		})
	}
}
