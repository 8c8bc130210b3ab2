package fleet

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/consent"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
	"hlsload/run/client"
)

// names is a resolver: the address of each host.
type names map[string]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr(n[host])}, nil
}

// TestCautiousFleet: viewers who give up and come back at once, again and again,
// do not make up for what their players hold back.
func TestCautiousFleet(t *testing.T) {
	run := func(cautious bool) *world {
		return inBubble(t, func(cfg *Config, c *channel) {
			cfg.Audience.Players = 3
			cfg.Audience.Session.Rejoin, cfg.Audience.Session.RejoinAfter = true, 50*time.Millisecond
			cfg.Cautious = cautious
			c.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "index.m3u8") {
					return false
				}
				http.NotFound(w, r)
				return true
			}
		}, nil)
	}
	w := run(true)
	// 30 s are 5 times the 6 s that a target duration is held to be before one is known.
	if n := w.channel.count("index.m3u8"); n > 3*5*player.MaxRepeats || w.record.count(player.Withheld) == 0 {
		t.Errorf("%d requests in 30 s, %d held back; want at most %d", n, w.record.count(player.Withheld), 3*5*player.MaxRepeats)
	}
	if n := run(false).channel.count("index.m3u8"); n <= 3*5*player.MaxRepeats {
		t.Errorf("%d requests without caution; want a storm, or this shows nothing", n)
	}
	if n := len(w.fleet.cautions); n > 3 {
		t.Errorf("the fleet remembers %d viewers; want at most 3", n)
	}
}

// TestCautiousOnceForeign: a stream that is local at first, and sends its viewers
// out into the world in the middle of a run, finds them cautious there.
func TestCautiousOnceForeign(t *testing.T) {
	run := func(addr string) *world {
		return inBubble(t, func(cfg *Config, c *channel) {
			cfg.Audience.Players = 3
			p, err := profile.Override(mustLoad("rfc8216bis"), []byte("errors: [{kinds: [multivariant, media, init, segment, key], causes: [any], retry: {forever: {delays: [20ms]}}}]"))
			if err != nil {
				t.Fatal(err)
			}
			cfg.Profiles["rfc8216bis"] = p
			cfg.Resolver = names{"elsewhere": addr, "rig": "10.0.0.1"}
			c.hook = func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case r.Host == "elsewhere":
					http.NotFound(w, r)
				case time.Since(c.epoch) > 10*time.Second && strings.HasSuffix(r.URL.Path, ".ts"):
					http.Redirect(w, r, "http://elsewhere/dead.ts", http.StatusFound)
				default:
					return false
				}
				return true
			}
		}, nil)
	}
	// 20 s, 2 s a target duration.
	if n := run("203.0.113.9").channel.count("dead.ts"); n > 3*11*player.MaxFailures || n == 0 {
		t.Errorf("%d requests to a foreign host; want at most %d", n, 3*11*player.MaxFailures)
	}
	home := run("10.0.0.2").channel.count("dead.ts")
	if away := run("203.0.113.9").channel.count("dead.ts"); home < 4*away {
		t.Errorf("%d requests at home, %d to a foreign host; want a storm at home, or this shows nothing", home, away)
	}
}

// TestForeignLater: once a stream that is local leads out into the world, the
// ceilings hold that the scenario does not name, and players say who they are.
func TestForeignLater(t *testing.T) {
	for _, c := range []struct {
		addr    string
		ceiling Ceiling
		halts   bool
		calls   bool
	}{
		{"203.0.113.9", Ceiling{Total: Bound{Peak: 0.5, Floor: 0.5, Why: "because"}}, true, false},
		{"203.0.113.9", Ceiling{Elsewhere: Bound{Peak: 0.1, Floor: 0.1, Why: "because"}}, true, false},
		{"203.0.113.9", Ceiling{Bits: Bound{Peak: 1, Floor: 1, Why: "because"}}, true, false},
		{"203.0.113.9", Ceiling{}, false, true},
		{"10.0.0.2", Ceiling{Total: Bound{Peak: 0.5, Floor: 0.5}, Elsewhere: Bound{Peak: 0.1, Floor: 0.1}, Bits: Bound{Peak: 1, Floor: 1}}, false, false},
	} {
		addr, plain, called := c.addr, 0, 0
		ceiling := c.ceiling
		w := inBubble(t, func(cfg *Config, c *channel) {
			cfg.Caller = "hlsload/1"
			cfg.Ceiling = ceiling
			cfg.Resolver = names{"elsewhere": addr, "rig": "10.0.0.1"}
			c.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Host == "elsewhere" || !strings.HasSuffix(r.URL.Path, ".ts") || time.Since(c.epoch) < 10*time.Second {
					c.mu.Lock()
					defer c.mu.Unlock()
					if strings.HasSuffix(r.UserAgent(), " hlsload/1") {
						called++
					} else {
						plain++
					}
					return false
				}
				http.Redirect(w, r, "http://elsewhere"+r.URL.Path, http.StatusFound)
				return true
			}
		}, nil)
		why, at := w.fleet.HaltReason()
		if c.halts != (strings.HasSuffix(why, "because") && at >= 10*time.Second) || c.halts != (why != "") || c.calls && called == 0 || addr == "10.0.0.2" && called > 0 || plain == 0 {
			t.Errorf("%s, %+v: halted at %v: %q; %d requests say who asks, %d do not", addr, ceiling, at, why, called, plain)
		}
	}
}

// TestRedirectsAreTold: each redirect is a request to the target.
func TestRedirectsAreTold(t *testing.T) {
	w := inBubble(t, func(cfg *Config, c *channel) {
		cfg.Audience.Players = 2
		c.hook = func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case strings.HasPrefix(r.URL.Path, "/token/"):
				r.URL.Path = strings.TrimPrefix(r.URL.Path, "/token")
				return false
			case strings.HasSuffix(r.URL.Path, ".ts"):
				http.Redirect(w, r, "/token"+r.URL.Path, http.StatusFound)
				return true
			}
			return false
		}
	}, nil)
	segments := 0
	for _, s := range w.record.sessions {
		for i, sm := range s.samples {
			if sm.Type != player.Answered {
				continue
			}
			want := 0
			if sm.Kind == m3u8.KindSegment {
				want, segments = 1, segments+1
			}
			if got := s.metas[i].Redirects; got != want {
				t.Errorf("%v: %d redirects; want %d", sm.Kind, got, want)
			}
		}
	}
	if segments == 0 {
		t.Error("no segment was loaded")
	}
}

// TestForeignSegments halts a fleet whose playlists lead elsewhere.
func TestForeignSegments(t *testing.T) {
	w := inBubble(t, func(cfg *Config, c *channel) {
		dial := cfg.Dial
		cfg.Resolver = names{"rig": "127.0.0.1", "segments.example": "203.0.113.9"}
		cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if !strings.HasPrefix(address, "127.0.0.1:") {
				t.Errorf("dialled %s", address)
			}
			return dial(ctx, network, address)
		}
		cfg.Allow = func(host string, addrs []netip.Addr) error {
			if consent.Local(addrs[0]) {
				return nil
			}
			return &client.NotAllowed{Host: host, Addr: addrs[0], Want: "consent"}
		}
		c.elsewhere = "http://segments.example"
	}, nil)
	why, at := w.fleet.HaltReason()
	if !strings.Contains(why, "no consent for segments.example, which is at 203.0.113.9 (want consent); a playlist led there") || at > 2*time.Second || w.ended != at.Truncate(time.Millisecond) && w.ended-at > time.Millisecond {
		t.Errorf("halted at %v, ended at %v: %s", at, w.ended, why)
	}
	if n := w.record.count(player.Appended); n != 0 {
		t.Errorf("%d segments came", n)
	}
}
