package reports

import (
	"fmt"
	"strings"
	"testing"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
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
				v.add(at+.1, player.Sample{Type: player.Answered, Kind: m3u8.KindSegment, Status: 200, Sent: sec(at), FirstByte: sec(at + .05)}, &Meta{Outcome: m})
			}
			if got := sc.finish(End{}).loadLine(); got != tc.want {
				t.Errorf("got %q; want %q", got, tc.want)
			}
		})
	}
}

// TestOddHeadersAreBounded lets a server invent names and values.
func TestOddHeadersAreBounded(t *testing.T) {
	var o, all oddHeaders
	for i := range 10_000 {
		o.add(&cdn.OddHeader{Name: fmt.Sprintf("X-Cache-%d", i%100), Word: fmt.Sprint(i), Sum: uint64(i)})
	}
	all.merge(o)
	all.merge(o)
	list := all.list()
	if len(list) > maxOddHeaders+1 {
		t.Errorf("%d names; want at most %d", len(list), maxOddHeaders+1)
	}
	answers := int64(0)
	for _, h := range list {
		if answers += h.Answers; h.Values > maxOddValues || len(h.Words) > maxOddHeaders {
			t.Errorf("%s: %d values, %d words", h.Header, h.Values, len(h.Words))
		}
	}
	if s := (&Summary{Origin: OriginSummary{NotUnderstood: list}}).notUnderstood(); answers != 20_000 || len(s) > 600 || !strings.Contains(s, "64 values and more seen") {
		t.Errorf("%d answers counted; want 20,000; %q", answers, s)
	}
}
