package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/reports"
)

// TestServerTimingAskedFor: where CloudFront answers, every request asks for
// Server-Timing, and what it says is the origin's load; elsewhere only the look
// before the run does.
func TestServerTimingAskedFor(t *testing.T) {
	for _, cloudFront := range []bool{true, false} {
		dir := t.TempDir()
		var mu sync.Mutex
		asked, requests := 0, 0
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			l, _ := m.listen(t.Context(), "")
			srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
				switch {
				case strings.HasSuffix(r.URL.Path, "index.m3u8"):
					fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000\nv.m3u8\n")
				case strings.HasSuffix(r.URL.Path, ".m3u8"):
					fmt.Fprint(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n1.ts\n#EXTINF:2,\n2.ts\n#EXTINF:2,\n3.ts\n#EXT-X-ENDLIST\n")
				default:
					w.Write(bytes.Repeat([]byte("G"), 1000))
				}
			})}
			go srv.Serve(l)
			cmd, _, _ := quiet()
			sc := parse(t, fmt.Sprintf("duration: 10s\nrecovery: 1s\ntarget: {url: \"http://%s/index.m3u8\"}\nfleet: {players: 2, arrive: {over: 1s}}\n", l.Addr()))
			r := &realRun{cmd: cmd, sc: sc, out: &output{dir: dir, progress: progressNone}, network: network{listen: m.listen, dial: m.dial}}
			if err := r.do(t.Context()); err != nil && err.Error() != "" {
				t.Error(err)
			}
			srv.Close()
			l.Close()
			time.Sleep(time.Second)
		})
		s, err := reports.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		players := int(s.Requests["multivariant"].Count + s.Requests["media"].Count + s.Requests["segment"].Count)
		switch {
		case !cloudFront && (asked != requests-players || s.Origin.Source != "none"):
			t.Errorf("%d of %d requests asked for Server-Timing, origin by %s; want those of the look before the run", asked, requests, s.Origin.Source)
		case cloudFront && (asked != requests || players == 0 || s.Origin.Source != "headers" || int(s.Origin.Requests) != players || s.Origin.ByPop["FRA56-P4"] != int64(players) || s.Origin.FirstByteMs.P50 < 119 || s.Origin.FirstByteMs.P50 > 121):
			t.Errorf("%d of %d requests asked for Server-Timing; origin %+v", asked, players, s.Origin)
		}
	}
}
