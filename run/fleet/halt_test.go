package fleet

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/link"
)

// TestHalt ends thousands of players who hang in reads, wait for a first byte,
// or have just sat down: in no time at all, of the bubble's clock. The bubble
// would complain about a goroutine that stays.
func TestHalt(t *testing.T) {
	players := 2000
	if testing.Short() {
		players = 200
	}
	const at = 5 * time.Second
	w := inBubble(t, func(cfg *Config, c *channel) {
		cfg.Audience.Players = players
		cfg.Audience.Arrive = audience.Arrive{Over: 8 * time.Second}
		cfg.Audience.Cohorts = []audience.Cohort{
			{Name: "unlimited", Share: .8, Profile: "hlsjs-1.7"},
			{Name: "paced", Share: .2, Profile: "rfc8216bis", Network: link.Config{Down: 2_000_000, RTT: 50 * time.Millisecond}},
		}
		cfg.Duration = 0
		c.size = 5_000
		c.hook = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, ".ts") {
				return false
			}
			if strings.HasPrefix(r.URL.Path, "/p0") { // half a body, then nothing
				w.Header().Set("Content-Length", "100000")
				w.Write(bytes.Repeat([]byte("G"), 5_000))
				http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
			return true
		}
	}, func(w *world) {
		time.Sleep(at)
		w.fleet.Halt("enough")
		w.fleet.Halt("too late to matter")
	})
	why, when := w.fleet.HaltReason()
	if w.ended != at || why != "enough" || when-at > 1 || w.fleet.Stats().Live != 0 {
		t.Errorf("halted at %v, ended at %v with %d sessions: %s", when, w.ended, w.fleet.Stats().Live, why)
	}
	if began := w.fleet.Stats().Sessions; began < int64(players)/2 || began >= int64(players) {
		t.Errorf("%d of %d sessions had begun", began, players)
	}
}

// TestMayNot: requests that may not be made any more are not failures of the target, until the
// halt comes.
func TestMayNot(t *testing.T) {
	const at, late = 10 * time.Second, time.Second
	var asked atomic.Int64 // after at
	w := inBubble(t, func(cfg *Config, c *channel) {
		cfg.May = func() bool { return time.Since(cfg.Epoch) < at }
		c.hook = func(http.ResponseWriter, *http.Request) bool {
			if time.Since(c.epoch) > at {
				asked.Add(1)
			}
			return false
		}
	}, func(w *world) {
		time.Sleep(at + late)
		w.fleet.Halt("the lease is over")
	})
	answered := 0
	for _, s := range w.record.sessions {
		for i := range s.samples {
			if sm := &s.samples[i]; sm.Type == player.Answered {
				answered++
				if sm.Failure != player.NoFailure {
					t.Errorf("at %v: %v", sm.Sent, sm.Failure)
				}
			}
		}
	}
	if answered == 0 || asked.Load() > 0 || w.ended != at+late {
		t.Errorf("%d requests, %d when they may not be made; ended at %v", answered, asked.Load(), w.ended)
	}
}

// TestCeilings: not a request more than the ceiling in any second, and the fleet
// ends with the reason.
func TestCeilings(t *testing.T) {
	for _, c := range []struct {
		ceiling Ceiling
		want    string
	}{
		{Ceiling{Requests: 20}, "ceiling reached: more than 20 requests would have been sent within a second (requests: 20/s)"},
		{Ceiling{Bandwidth: 8_000_000}, "Mbit were received within a second (bandwidth: 8.0 Mbit/s)"},
		{Ceiling{Requests: 100_000, Bandwidth: 1e12}, ""},
	} {
		w := inBubble(t, func(cfg *Config, ch *channel) {
			cfg.Audience.Players = 30
			cfg.Audience.Arrive = audience.Arrive{Over: 10 * time.Second}
			cfg.Ceiling = c.ceiling
		}, nil)
		why, at := w.fleet.HaltReason()
		if c.want == "" {
			if why != "" || w.ended != 30*time.Second {
				t.Errorf("%+v: halted at %v: %s", c.ceiling, at, why)
			}
			continue
		}
		if !strings.Contains(why, c.want) || w.ended > 15*time.Second || w.ended-at > time.Millisecond {
			t.Errorf("%+v: halted at %v, ended at %v: %s", c.ceiling, at, w.ended, why)
		}
		if c.ceiling.Requests == 0 {
			continue
		}
		var sent []time.Duration
		for _, s := range w.record.sessions {
			for i := range s.samples {
				if sm := &s.samples[i]; sm.Type == player.Answered {
					sent = append(sent, sm.Sent)
				}
			}
		}
		for _, from := range sent {
			n := 0
			for _, x := range sent {
				if x >= from && x < from+time.Second-slot {
					n++
				}
			}
			if n > int(c.ceiling.Requests) {
				t.Errorf("%d requests within a second from %v", n, from)
				break
			}
		}
	}
}

func TestCeilingSlides(t *testing.T) {
	tripped := 0
	c := newCeiling(Ceiling{Requests: 10}, nil, func(string) { tripped++ })
	ask := func(at time.Duration, n int) (sent int) {
		for range n {
			if c.request(at, "http://h/") == nil {
				sent++
			}
		}
		return sent
	}
	ms := time.Millisecond
	if got := ask(0, 5) + ask(900*ms, 5) + ask(1050*ms, 5); got != 15 || tripped != 0 {
		t.Errorf("%d sent, tripped %d", got, tripped)
	}
	// A clock that goes back must not win anything; a long silence forgets all.
	if got := ask(500*ms, 1); got != 0 || tripped != 1 {
		t.Errorf("%d sent, tripped %d", got, tripped)
	}
	c = newCeiling(Ceiling{Requests: 10}, nil, func(string) { tripped++ })
	if got := ask(0, 10) + ask(time.Hour, 10); got != 20 {
		t.Errorf("%d sent", got)
	}
	if newCeiling(Ceiling{}, nil, nil) != nil || (*ceiling)(nil).request(0, "") != nil {
		t.Error("no ceiling is none")
	}
}

// TestCaller: the target is told who calls, by every request.
func TestCaller(t *testing.T) {
	for caller, want := range map[string]string{"": "", "hlsload/1 (+ops@example.com)": " hlsload/1 (+ops@example.com)"} {
		agents := map[string]bool{}
		inBubble(t, func(cfg *Config, c *channel) {
			cfg.Caller, cfg.Cautious, cfg.Duration, cfg.NoBodies = caller, true, 10*time.Second, true
			c.hook = func(_ http.ResponseWriter, r *http.Request) bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				agents[r.UserAgent()] = true
				return false
			}
		}, nil)
		as := strings.TrimSpace(mustLoad("rfc8216bis").HTTP.UserAgent + want)
		if len(agents) != 1 || !agents[as] {
			t.Errorf("agents %v; want %q", agents, as)
		}
	}
}
