package fleet

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/cmcd"
)

// heard is what a server was told with one request.
type heard struct {
	path   string
	report cmcd.Report
	raw    string
}

// TestCMCD lets a server listen to what players say, by both ways and engines.
func TestCMCD(t *testing.T) {
	for _, tc := range []struct {
		way      CMCD
		standard bool
	}{{CMCDOff, false}, {CMCDHeader, false}, {CMCDHeader, true}, {CMCDQuery, false}, {CMCDQuery, true}} {
		var mu sync.Mutex
		var all []heard
		w := inBubble(t, func(cfg *Config, c *channel) {
			cfg.CMCD, cfg.Run, cfg.Standard, cfg.Audience.Players = tc.way, 0x3f9a2c81, tc.standard, 3
			c.hook = func(w http.ResponseWriter, r *http.Request) bool {
				h := heard{path: r.URL.Path, report: cmcd.Empty(), raw: r.URL.RawQuery}
				for name, v := range r.Header {
					if strings.HasPrefix(strings.ToLower(name), "cmcd-") {
						h.raw += name + ":" + v[0] + " "
						h.report.ParseHeader(name, v[0])
					}
				}
				h.report.ParseQuery(r.URL.RawQuery)
				mu.Lock()
				all = append(all, h)
				mu.Unlock()
				return false
			}
		}, nil)
		if n := w.record.count(player.Appended); n < 3*13 {
			t.Errorf("way %d: %d segments appended; want at least 39", tc.way, n)
		}
		if n := w.fleet.Stats().Parsed; n > len(w.channel.told)+1 {
			t.Errorf("way %d: %d playlists parsed; want at most %d", tc.way, n, len(w.channel.told)+1)
		}
		kinds := map[string]int{}
		var measured, startup, top int
		for _, h := range all {
			r := h.report
			if tc.way == CMCDOff {
				if h.raw != "" {
					t.Fatalf("off: %s was told %q", h.path, h.raw)
				}
				continue
			}
			if (tc.way == CMCDQuery) != strings.HasPrefix(h.raw, "CMCD=") {
				t.Fatalf("way %d: %s was told %q", tc.way, h.path, h.raw)
			}
			run, viewer, session, ok := cmcd.ParseSID(r.Session)
			if !ok || run != 0x3f9a2c81 || viewer > 2 || session != 1 || r.Format != "h" {
				t.Errorf("way %d: %s: %+v", tc.way, h.path, r)
			}
			kinds[r.Object]++
			if r.Startup {
				startup++
			}
			if r.Startup != (r.Rate == 0) {
				t.Errorf("%s: startup %v at rate %v", h.path, r.Startup, r.Rate)
			}
			if r.Measured > 0 {
				measured++
			}
			switch playlist := strings.HasSuffix(h.path, ".m3u8"); {
			case playlist && (r.Object != "m" || r.Buffer >= 0 || r.Bitrate > 0 || r.Duration > 0):
				t.Errorf("%s: %+v", h.path, r)
			case !playlist && (r.Object != "v" || r.Duration != segment || r.Buffer < 0 || r.Stream != "l" || r.Top != 800_000 || r.Starved):
				t.Errorf("%s: %+v", h.path, r)
			case !playlist && !strings.Contains(h.path, map[int64]string{400_000: "v400000_", 800_000: "v800000_"}[r.Bitrate]):
				t.Errorf("%s: bitrate %d", h.path, r.Bitrate)
			case !playlist && r.Buffer%(100*time.Millisecond) != 0:
				t.Errorf("%s: buffer %v", h.path, r.Buffer)
			}
			if r.Top > 0 {
				top++
			}
		}
		if tc.way != CMCDOff && (kinds["m"] < 30 || kinds["v"] < 39 || len(kinds) != 2 || measured < 39 || startup < 3*3 || startup > 3*8 || top != kinds["v"]) {
			t.Errorf("way %d: %v, %d with a throughput, %d at startup, %d with the top bitrate", tc.way, kinds, measured, startup, top)
		}
	}
}

// TestCMCDStarved lets segments stop for a while: the first request after the
// stall says that playback ran dry, and no other.
func TestCMCDStarved(t *testing.T) {
	var mu sync.Mutex
	starved, startup := 0, 0
	w := inBubble(t, func(cfg *Config, c *channel) {
		cfg.CMCD, cfg.Audience.Players, cfg.Duration = CMCDHeader, 1, 40*time.Second
		c.hook = func(w http.ResponseWriter, r *http.Request) bool {
			at := time.Since(c.epoch)
			if at > 12*time.Second && at < 25*time.Second && strings.HasSuffix(r.URL.Path, ".ts") {
				time.Sleep(25*time.Second - at)
			}
			rep := cmcd.Empty()
			rep.ParseHeader("CMCD-Status", r.Header.Get("CMCD-Status"))
			rep.ParseHeader("CMCD-Request", r.Header.Get("CMCD-Request"))
			mu.Lock()
			defer mu.Unlock()
			if rep.Starved {
				starved++
			}
			if rep.Startup && at > 12*time.Second {
				startup++
			}
			return false
		}
	}, nil)
	if stalls := w.record.count(player.StallStart); stalls == 0 || starved != stalls || startup == 0 {
		t.Errorf("%d stalls; %d requests said that playback ran dry, %d that they were urgent", stalls, starved, startup)
	}
}
