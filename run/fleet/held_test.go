package fleet

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/m3u8"
)

// TestHeldIsMarked: a fetch that its player aborted, or that broke, has the faults
// that held its answer back. Those without faults do not ask.
func TestHeldIsMarked(t *testing.T) {
	const late = 1500 * time.Millisecond
	for _, tc := range []struct {
		name     string
		standard bool
		held     bool
		end      func(w http.ResponseWriter, r *http.Request) bool // after the interim answer
		failure  player.Failure
	}{
		{name: "hang", held: true, end: hangs, failure: player.Timeout},
		{name: "hang, net/http", standard: true, held: true, end: hangs, failure: player.Timeout},
		{name: "broken", held: true, end: func(_ http.ResponseWriter, r *http.Request) bool { waits(r, late); panic(http.ErrAbortHandler) }, failure: player.Reset},
		{name: "late", held: true, end: func(_ http.ResponseWriter, r *http.Request) bool { waits(r, late); return false }, failure: player.NoFailure},
		{name: "not asked", end: hangs, failure: player.Timeout},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := inBubble(t, func(cfg *Config, c *channel) {
				cfg.Standard, cfg.Held = tc.standard, tc.held
				cfg.Audience.Cohorts = []audience.Cohort{{Name: "hit", Share: 0.5, Profile: "rfc8216bis"}, {Name: "control", Share: 0.5, Profile: "rfc8216bis", FaultsNone: true}}
				cfg.Audience.Players = 10
				c.hook = func(w http.ResponseWriter, r *http.Request) bool {
					if !strings.HasPrefix(r.URL.Path, "/p0/") || !strings.HasSuffix(r.URL.Path, "5.ts") {
						return false
					}
					if r.Header.Get("Hlsload-Held") == "1" {
						w.Header().Set("Hlsload-Faults", "8")
						w.WriteHeader(http.StatusEarlyHints)
						w.Header().Del("Hlsload-Faults")
					}
					return tc.end(w, r)
				}
			}, nil)
			hits := 0
			for _, s := range w.record.sessions {
				for i, sm := range s.samples {
					if sm.Type != player.Answered || sm.Kind != m3u8.KindSegment {
						continue
					}
					if !s.metas[i].Marks.Has(3) {
						if tc.held && s.who.Cohort == 0 && sm.Failure != player.NoFailure {
							t.Errorf("player %d: failed without a mark: %+v", s.who.Player, sm)
						}
						continue
					}
					hits++
					if sm.Failure != tc.failure || s.who.Cohort != 0 {
						t.Errorf("cohort %d: %v; want cohort 0 and %v", s.who.Cohort, sm.Failure, tc.failure)
					}
					if d := sm.FirstByte - sm.Sent; tc.failure == player.NoFailure && d != late {
						t.Errorf("first byte after %v; want %v: that of the final answer", d, late)
					}
					if tc.failure == player.Timeout && sm.FirstByte != 0 {
						t.Errorf("first byte of an answer that never came at %v", sm.FirstByte)
					}
				}
			}
			if (hits > 0) != tc.held {
				t.Errorf("%d fetches were marked; want some: %t", hits, tc.held)
			}
		})
	}
}

// hangs answers nothing until the player gives up.
func hangs(_ http.ResponseWriter, r *http.Request) bool {
	<-r.Context().Done()
	return true
}

// waits waits, but not for a client that is gone.
func waits(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}
