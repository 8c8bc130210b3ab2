package fleet

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/link"
	"hlsload/player/m3u8"
)

func TestEveryPlayerPlays(t *testing.T) {
	for _, standard := range []bool{false, true} {
		t.Run(fmt.Sprintf("standard=%t", standard), func(t *testing.T) {
			w := inBubble(t, func(cfg *Config, _ *channel) {
				cfg.Standard = standard
				cfg.Audience.Players = 20
				cfg.Audience.Cohorts = []audience.Cohort{{Name: "a", Share: 0.5, Profile: "rfc8216bis"}, {Name: "b", Share: 0.5, Profile: "hlsjs-1.7"}}
			}, nil)
			if n := len(w.record.sessions); n != 20 {
				t.Fatalf("%d sessions; want 20", n)
			}
			for _, s := range w.record.sessions {
				if s.count(player.Joined) != 1 || s.count(player.Started) != 1 || s.count(player.StallStart) != 0 || s.count(player.Fatal) != 0 {
					t.Errorf("player %d: %d joined, %d started, %d stalls, %d fatal; want 1, 1, 0, 0", s.who.Player,
						s.count(player.Joined), s.count(player.Started), s.count(player.StallStart), s.count(player.Fatal))
				}
				if n := s.count(player.Appended); n < 13 {
					t.Errorf("player %d appended %d segments in 29 s; want at least 13", s.who.Player, n)
				}
				for i, sm := range s.samples {
					if sm.Type != player.Answered {
						continue
					}
					if sm.Status != 200 || sm.Sent < sm.Due || sm.FirstByte < sm.Sent || sm.At < sm.FirstByte {
						t.Errorf("player %d: answer %+v", s.who.Player, sm)
					}
					if m := s.metas[i]; m.URL == 0 || sm.Kind == m3u8.KindSegment && m.Pop != "TST1" {
						t.Errorf("player %d: meta %+v", s.who.Player, m)
					}
					if sm.Kind == m3u8.KindSegment && sm.Bytes != 100_000 {
						t.Errorf("player %d: segment of %d bytes; want 100000", s.who.Player, sm.Bytes)
					}
				}
			}
			// The multivariant playlist, and each version of each media playlist.
			if n := w.fleet.Stats().Parsed; n < 10 || n > len(w.channel.told)+1 {
				t.Errorf("%d playlists parsed; want at most %d", n, len(w.channel.told)+1)
			}
			if s := w.fleet.Stats(); s.Sessions != 20 || s.Live != 0 || s.Peak != 20 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

func TestNoBodies(t *testing.T) {
	w := inBubble(t, func(cfg *Config, _ *channel) { cfg.NoBodies = true }, nil)
	if g, h := w.channel.count("GET /p0/v400000_"), w.channel.count("HEAD /p0"); g != 0 || h < 50 {
		t.Errorf("%d GET and %d HEAD of segments; want none and at least 50", g, h)
	}
	if n := w.record.count(player.Appended); n < 50 {
		t.Errorf("%d segments appended; want at least 50", n)
	}
}

// TestLinkPaces compares what players see on a limited link with what the model
// says.
func TestLinkPaces(t *testing.T) {
	w := inBubble(t, func(cfg *Config, c *channel) {
		c.size = 250_000
		cfg.Audience.Players = 1
		cfg.Audience.Cohorts[0].Network = link.Config{Down: 4_000_000, RTT: 100 * time.Millisecond}
	}, nil)
	first := true
	n := 0
	for _, sm := range w.record.sessions[0].samples {
		if sm.Type != player.Answered || sm.Kind == m3u8.KindMedia {
			continue
		}
		wait := 100 * time.Millisecond
		if first { // TCP's handshake
			wait *= 2
			first = false
		}
		if d := sm.FirstByte - sm.Sent; sm.Kind != m3u8.KindSegment && d != wait {
			t.Errorf("first byte of %v after %v; want %v", sm.Kind, d, wait)
		}
		if sm.Kind == m3u8.KindSegment {
			n++
			// 2 Mbit at 4 Mbit/s; a playlist may take a little of it, and
			// another connection.
			if d := sm.At - sm.FirstByte; d < 499*time.Millisecond || d > 510*time.Millisecond {
				t.Errorf("segment took %v; want 500ms", d)
			}
		}
	}
	if n < 10 {
		t.Errorf("%d segments; want at least 10", n)
	}
}

// meddler is a Chaos made of functions.
type meddler struct {
	answer func(now time.Duration, t *chaos.Thing, url string, real chaos.Answer) (chaos.Answer, chaos.Effect)
	link   func(now time.Duration, t *chaos.Thing) (int64, time.Duration, bool, chaos.Marks)
}

func (m *meddler) Answer(now time.Duration, t *chaos.Thing, url string, real chaos.Answer) (chaos.Answer, chaos.Effect) {
	if m.answer == nil {
		return real, chaos.Effect{}
	}
	return m.answer(now, t, url, real)
}

func (m *meddler) Link(now time.Duration, t *chaos.Thing) (int64, time.Duration, bool, chaos.Marks) {
	if m.link == nil {
		return 0, 0, false, 0
	}
	return m.link(now, t)
}

func TestChaosOnAnswers(t *testing.T) {
	const from = 10 * time.Second
	for _, tc := range []struct {
		name    string
		kind    m3u8.Kind
		effect  chaos.Effect
		answer  *chaos.Answer
		failure player.Failure
		status  int16
	}{
		{"status of a playlist", m3u8.KindMedia, chaos.Effect{Status: 503}, &chaos.Answer{Status: 503}, player.BadStatus, 503},
		{"status of a segment", m3u8.KindSegment, chaos.Effect{Status: 404}, &chaos.Answer{Status: 404}, player.BadStatus, 404},
		{"reset", m3u8.KindSegment, chaos.Effect{Reset: true}, nil, player.Reset, 0},
		{"reset of a playlist", m3u8.KindMedia, chaos.Effect{Reset: true}, nil, player.Reset, 0},
		{"hang", m3u8.KindSegment, chaos.Effect{Hang: true}, nil, player.Timeout, 0},
		{"hang of a playlist", m3u8.KindMedia, chaos.Effect{Hang: true}, nil, player.Timeout, 0},
		{"truncate", m3u8.KindSegment, chaos.Effect{Truncate: true}, nil, player.Truncated, 200},
		{"truncate a playlist", m3u8.KindMedia, chaos.Effect{Truncate: true}, nil, player.Truncated, 200},
		{"delay", m3u8.KindSegment, chaos.Effect{Delay: 300 * time.Millisecond}, nil, player.NoFailure, 200},
		{"rewrite", m3u8.KindMedia, chaos.Effect{}, &chaos.Answer{Status: 200, Body: []byte("<html>")}, player.BadBody, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.effect.Marks = chaos.Mark(3)
			w := inBubble(t, func(cfg *Config, _ *channel) {
				cfg.Audience.Cohorts = []audience.Cohort{{Name: "hit", Share: 0.5, Profile: "rfc8216bis"}, {Name: "control", Share: 0.5, Profile: "rfc8216bis", FaultsNone: true}}
				cfg.Chaos = &meddler{answer: func(now time.Duration, th *chaos.Thing, url string, real chaos.Answer) (chaos.Answer, chaos.Effect) {
					if !th.HasViewer || th.Cohort != "hit" || th.Kind != m3u8.KindMultivariant && (th.Rendition < 0 || th.Renditions != 2) {
						t.Errorf("asked about %+v", th)
					}
					if (real.Body != nil) != (th.Kind == m3u8.KindMedia || th.Kind == m3u8.KindMultivariant) {
						t.Errorf("%v with %d bytes of body", th.Kind, len(real.Body))
					}
					if now < from || th.Kind != tc.kind || th.Pipeline != 0 {
						return real, chaos.Effect{}
					}
					if tc.answer != nil {
						real = *tc.answer
					}
					return real, tc.effect
				}}
			}, nil)
			hits := 0
			for _, s := range w.record.sessions {
				for i, sm := range s.samples {
					if sm.Type != player.Answered {
						continue
					}
					m := s.metas[i]
					if !m.Marks.Has(3) {
						if sm.Failure != player.NoFailure {
							t.Errorf("failed without a mark: %+v", sm)
						}
						continue
					}
					hits++
					if sm.Failure != tc.failure || sm.Status != tc.status || sm.Kind != tc.kind || s.who.Cohort != 0 {
						t.Errorf("cohort %d got %v %v with status %d; want %v with %d", s.who.Cohort, sm.Kind, sm.Failure, sm.Status, tc.failure, tc.status)
					}
					if tc.effect.Truncate && sm.Kind == m3u8.KindSegment && sm.Bytes != 50_000 {
						t.Errorf("%d bytes of a truncated segment; want 50000", sm.Bytes)
					}
					if tc.effect.Delay > 0 && sm.FirstByte-sm.Sent != tc.effect.Delay {
						t.Errorf("first byte after %v; want %v", sm.FirstByte-sm.Sent, tc.effect.Delay)
					}
				}
			}
			if hits == 0 {
				t.Error("nobody was hit")
			}
		})
	}
}

func TestLinkFaults(t *testing.T) {
	var cut atomic.Bool
	w := inBubble(t, func(cfg *Config, _ *channel) {
		cfg.LinkFaults = true
		cfg.Chaos = &meddler{link: func(time.Duration, *chaos.Thing) (int64, time.Duration, bool, chaos.Marks) {
			if cut.Load() {
				return 0, 0, true, chaos.Mark(5)
			}
			return 0, 0, false, 0
		}}
	}, func(w *world) {
		time.Sleep(10 * time.Second)
		cut.Store(true)
		w.fleet.LinksChanged()
		time.Sleep(8 * time.Second)
		cut.Store(false)
		w.fleet.LinksChanged()
	})
	marked := 0
	for _, s := range w.record.sessions {
		if s.count(player.StallStart) == 0 || s.count(player.StallEnd) == 0 {
			t.Errorf("player %d: %d stalls, %d ends; want it to stall for want of a link, and to recover", s.who.Player, s.count(player.StallStart), s.count(player.StallEnd))
		}
		for i, sm := range s.samples {
			if sm.Type == player.Answered && sm.Failure == player.NoFailure && sm.At > 10*time.Second && sm.At < 18*time.Second {
				t.Errorf("player %d: answer through a cut link at %v", s.who.Player, sm.At)
			}
			if s.metas[i].Marks.Has(5) {
				marked++
			}
		}
	}
	if marked == 0 {
		t.Error("no answer is marked with the fault of the link")
	}
}

func TestChurnAndSurge(t *testing.T) {
	w := inBubble(t, func(cfg *Config, _ *channel) {
		cfg.Audience.Session.Mean = 10 * time.Second
		cfg.Audience.Players = 10
		cfg.Duration = time.Minute
	}, func(w *world) {
		time.Sleep(20 * time.Second)
		w.fleet.Surge(w.fleet.now(), 10, 5*time.Second)
	})
	surged, followers := 0, 0
	for _, s := range w.record.sessions {
		switch {
		case s.who.Player >= audience.Generation:
			followers++
		case s.who.Player >= 10:
			surged++
			if s.joined < 20*time.Second || s.joined > 25*time.Second {
				t.Errorf("player %d of the surge joined at %v", s.who.Player, s.joined)
			}
		}
		if n := s.count(player.Left); n > 1 || s.samples[len(s.samples)-1].Type != player.Left && n == 1 {
			t.Errorf("player %d left %d times", s.who.Player, n)
		}
	}
	if surged != 10 || followers < 40 || w.fleet.Stats().Peak > 20 {
		t.Errorf("%d of the surge, %d followers, %d at the peak; want 10, about 90, at most 20", surged, followers, w.fleet.Stats().Peak)
	}
}

func TestReconnect(t *testing.T) {
	w := inBubble(t, func(cfg *Config, _ *channel) { cfg.Audience.Players = 40 }, func(w *world) {
		time.Sleep(15 * time.Second)
		w.fleet.Reconnect(1, 0.5, "")
		w.fleet.Reconnect(2, 1, "absent") // a cohort that there is not
	})
	back := 0
	for _, s := range w.record.sessions {
		if s.who.Rejoin {
			back++
			if s.joined != 15*time.Second || s.count(player.Started) != 1 {
				t.Errorf("player %d is back at %v and started %d times", s.who.Player, s.joined, s.count(player.Started))
			}
		}
	}
	if left := w.record.count(player.Left); back < 10 || back > 30 || left != back {
		t.Errorf("%d are back, %d left; want about 20 of each", back, left)
	}
}

func TestRejoin(t *testing.T) {
	w := inBubble(t, func(cfg *Config, c *channel) {
		cfg.Audience.Session = audience.Session{Rejoin: true, RejoinAfter: 5 * time.Second}
		c.hook = func(w http.ResponseWriter, r *http.Request) bool {
			if time.Since(c.epoch) < 20*time.Second && strings.HasSuffix(r.URL.Path, "index.m3u8") {
				http.Error(w, "not yet", 403)
				return true
			}
			return false
		}
	}, nil)
	started := map[uint64]bool{}
	for _, s := range w.record.sessions {
		if s.count(player.Started) == 1 {
			started[s.who.Player] = true
			if !s.who.Rejoin {
				t.Errorf("player %d started in its first session", s.who.Player)
			}
		}
	}
	if len(started) != 5 {
		t.Errorf("%d players started after coming back; want 5", len(started))
	}
}

// TestStop cancels a run at an awkward moment: the bubble would complain about
// a goroutine that stays.
func TestStop(t *testing.T) {
	for _, after := range []time.Duration{time.Millisecond, 500 * time.Millisecond, 7777 * time.Millisecond} {
		w := inBubble(t, func(cfg *Config, c *channel) {
			cfg.Audience.Players = 30
			cfg.Audience.Cohorts[0].Network = link.Config{Down: 1_000_000, RTT: 50 * time.Millisecond}
			cfg.Duration = 0
			c.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "5.ts") { // some segments hang
					<-r.Context().Done()
					return true
				}
				return false
			}
		}, func(w *world) {
			time.Sleep(after)
			w.stop()
		})
		if w.ended != after || w.fleet.Stats().Live != 0 {
			t.Errorf("stopped at %v, over at %v with %d sessions", after, w.ended, w.fleet.Stats().Live)
		}
	}
}

// TestHostileTarget lets players meet what must not stop a run.
func TestHostileTarget(t *testing.T) {
	for _, tc := range []struct {
		name    string
		match   string
		answer  http.HandlerFunc
		failure player.Failure
	}{
		{"html", "index.m3u8", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") }, player.BadBody},
		{"empty", "index.m3u8", func(w http.ResponseWriter, r *http.Request) {}, player.BadBody},
		{"403 to everything", "", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) }, player.BadStatus},
		{"redirect loop", "index.m3u8", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/index.m3u8?x", 302) }, player.Redirects},
		{"huge playlist", ".m3u8", func(w http.ResponseWriter, r *http.Request) {
			for range 17 << 10 {
				if _, err := w.Write(bytes.Repeat([]byte("G"), 1<<10)); err != nil {
					return
				}
			}
		}, player.TooLarge},
		{"endless playlist", "v400000.m3u8", func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := fmt.Fprint(w, "#EXTM3U\n"+strings.Repeat("#comment\n", 1000)); err != nil {
					return
				}
			}
		}, player.TooLarge},
		{"playlist with an announced terabyte", "v400000.m3u8", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1099511627776")
			w.Write(bytes.Repeat([]byte("G"), 1000))
		}, player.Truncated},
		{"segment with an announced terabyte", ".ts", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1099511627776")
			w.Write(bytes.Repeat([]byte("G"), 1000))
		}, player.TooLarge},
		{"a page for a segment", ".ts", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<!DOCTYPE html><title>Sign in</title>") }, player.NotMedia},
		{"an error for a segment", ".ts", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"error": "gone"}`) }, player.NotMedia},
		{"a playlist for a segment", ".ts", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "#EXTM3U\n") }, player.NotMedia},
		{"no content for a segment", ".ts", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }, player.NotMedia},
		{"an empty segment", ".ts", func(w http.ResponseWriter, r *http.Request) {}, player.NotMedia},
		{"a packet for a segment", ".ts", func(w http.ResponseWriter, r *http.Request) { w.Write(append([]byte{0x47}, make([]byte, 187)...)) }, player.NotMedia},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := inBubble(t, func(cfg *Config, c *channel) {
				c.hook = func(w http.ResponseWriter, r *http.Request) bool {
					if !strings.HasSuffix(r.URL.Path, tc.match) {
						return false
					}
					tc.answer(w, r)
					return true
				}
			}, nil)
			found := 0
			for _, s := range w.record.sessions {
				for _, sm := range s.samples {
					if sm.Type == player.Answered && sm.Failure == tc.failure {
						found++
						if tc.failure != player.BadStatus && sm.Reason == "" {
							t.Errorf("%v without a reason", sm.Failure)
						}
					}
				}
			}
			if found < 5 {
				t.Errorf("%d answers were %v; want one a player at least", found, tc.failure)
			}
		})
	}
}

func TestConfigErrors(t *testing.T) {
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "players:") || !strings.Contains(err.Error(), "Epoch") {
		t.Errorf("error %v; want all that is missing", err)
	}
}
