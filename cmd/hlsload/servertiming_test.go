package main

import (
	"net/http"
	"sync"
	"testing"
)

// TestServerTimingAskedFor: where CloudFront answers, every request asks for
// Server-Timing, and what it says is the origin's load; elsewhere only the look
// before the run does.
func TestServerTimingAskedFor(t *testing.T) {
	t.Parallel()
	for _, cloudFront := range []bool{true, false} {
		var mu sync.Mutex
		asked, requests := 0, 0
		s, _ := watchClip(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			requests++
			if cloudFront {
				w.Header().Set("X-Amz-Cf-Id", "id")
				w.Header().Set("X-Amz-Cf-Pop", "FRA56-P4")
				w.Header().Set("X-Cache", "Hit from cloudfront")
			}
			if r.Header.Get("Pragma") == "server-timing" {
				asked++
				w.Header().Set("Server-Timing", `cdn-cache-miss,cdn-pop;desc="FRA56-P4",cdn-upstream-layer;desc="REC",cdn-upstream-fbl;dur=120`)
			}
		})
		players := int(s.Requests["multivariant"].Count + s.Requests["media"].Count + s.Requests["segment"].Count)
		switch {
		case !cloudFront && (asked != requests-players || s.Origin.Source != "none"):
			t.Errorf("%d of %d requests asked for Server-Timing, origin by %s; want those of the look before the run", asked, requests, s.Origin.Source)
		case cloudFront && (asked != requests || players == 0 || s.Origin.Source != "headers" || int(s.Origin.Requests) != players || s.Origin.ByPop["FRA56-P4"] != int64(players) || s.Origin.FirstByteMs.P50 < 119 || s.Origin.FirstByteMs.P50 > 121):
			t.Errorf("%d of %d requests asked for Server-Timing; origin %+v", asked, players, s.Origin)
		}
	}
}
