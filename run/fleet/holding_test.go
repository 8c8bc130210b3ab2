package fleet

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHolding lets large playlists arrive slowly at many players: the fleet
// halts before it holds too much, and holds nothing afterwards.
func TestHolding(t *testing.T) {
	for _, most := range []int64{10_000_000, 40_000_000} {
		w := inBubble(t, func(cfg *Config, c *channel) {
			cfg.Audience.Players, cfg.Duration = 20, 20*time.Second
			c.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, ".m3u8") {
					return false
				}
				for range 10 { // a megabyte in ten seconds
					fmt.Fprint(w, "#EXTM3U\n#", strings.Repeat("x", 60_000), "\n#", strings.Repeat("x", 40_000), "\n")
					http.NewResponseController(w).Flush()
					select {
					case <-time.After(time.Second):
					case <-r.Context().Done():
						return true
					}
				}
				return true
			}
		}, func(w *world) { w.fleet.holding.most.Store(most) })
		why, _ := w.fleet.HaltReason()
		if halted := strings.Contains(why, "fewer players on this machine"); halted != (most < 20_000_000) {
			t.Errorf("at most %d bytes: halted by %q", most, why)
		}
		if held := w.fleet.holding.now.Load(); held != 0 {
			t.Errorf("%d bytes are still held", held)
		}
	}
}
