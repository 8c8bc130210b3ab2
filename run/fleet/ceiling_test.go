package fleet

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hlsload/player/audience"
)

// TestBounds: a default ceiling is reached when the rate over 5 s is above the
// one value and that over 10 s above the other.
func TestBounds(t *testing.T) {
	steady := func(perSecond int) func(time.Duration) int { return func(time.Duration) int { return perSecond } }
	burst := func(perSecond int, from, to time.Duration) func(time.Duration) int {
		return func(at time.Duration) int {
			if at >= from && at < to {
				return perSecond
			}
			return 5
		}
	}
	for _, tc := range []struct {
		name string
		c    Ceiling
		rate func(time.Duration) int
		url  string
		want string
		from time.Duration // not reached before
		to   time.Duration
	}{
		{"within", Ceiling{Total: Bound{Peak: 50, Floor: 40}}, steady(40), "http://a/x", "", 0, 0},
		{"above the peak only", Ceiling{Total: Bound{Peak: 50, Floor: 100}}, steady(90), "http://a/x", "", 0, 0},
		{"above the floor only", Ceiling{Total: Bound{Peak: 100, Floor: 50}}, steady(90), "http://a/x", "", 0, 0},
		{"a short burst", Ceiling{Total: Bound{Peak: 50, Floor: 40}}, burst(180, 20*time.Second, 22*time.Second), "http://a/x", "", 0, 0},
		{"a long burst", Ceiling{Total: Bound{Peak: 50, Floor: 40, Why: "because"}}, burst(180, 20*time.Second, 25*time.Second), "http://a/x",
			"requests within 5 s (75/s) and 401 within 10 s (40/s); because", 22 * time.Second, 23 * time.Second},
		{"a storm", Ceiling{Total: Bound{Peak: 50, Floor: 40, Why: "because"}}, steady(3000), "http://a/x", "401 requests within 5 s", 0, 200 * time.Millisecond},
		{"a host", Ceiling{Hosts: map[string]Bound{"small": {Peak: 5, Floor: 5, Why: "because"}}}, steady(10), "https://user@SMALL:8443/x?y", "requests to small within 5 s", 5 * time.Second, 6 * time.Second},
		{"another host", Ceiling{Hosts: map[string]Bound{"small": {Peak: 5, Floor: 5}}}, steady(10), "https://big/small", "", 0, 0},
		{"a host with a dot at its end", Ceiling{Hosts: map[string]Bound{"small": {Peak: 5, Floor: 5}}}, steady(10), "http://small.:80/x", "requests to small within 5 s", 5 * time.Second, 6 * time.Second},
		{"a host that was not met before", Ceiling{Elsewhere: Bound{Peak: 5, Floor: 5}}, steady(10), "http://[::1]:80/x", "requests to ::1 within 5 s", 5 * time.Second, 6 * time.Second},
		{"a ceiling that was asked for", Ceiling{Requests: 20}, steady(21), "http://a/x", "more than 20 requests would have been sent within a second (requests: 20/s)", 0, time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var why string
			var when time.Duration
			now := time.Duration(0)
			c := newCeiling(tc.c, nil, func(reason string) { why, when = reason, now })
			for sec := range 60 {
				n := tc.rate(time.Duration(sec) * time.Second)
				for i := range n {
					now = time.Duration(sec)*time.Second + time.Duration(i)*time.Second/time.Duration(n)
					if err := c.request(now, tc.url); (err != nil) != (why != "") {
						t.Fatalf("at %v: %v after %q", now, err, why)
					}
				}
			}
			if tc.want == "" && why != "" || tc.want != "" && (!strings.Contains(why, tc.want) || when < tc.from || when > tc.to) {
				t.Errorf("at %v: %q; want %q between %v and %v", when, why, tc.want, tc.from, tc.to)
			}
		})
	}
}

// TestBitBound: bodies that are much larger than expected end a run, too.
func TestBitBound(t *testing.T) {
	why := ""
	c := newCeiling(Ceiling{Bits: Bound{Peak: 8_000_000, Floor: 5_000_000, Why: "because"}}, nil, func(reason string) { why = reason })
	for sec := range 30 {
		c.received(time.Duration(sec)*time.Second, 900_000) // 7.2 Mbit/s
	}
	if why != "" {
		t.Errorf("below the peak: %s", why)
	}
	for sec := range 10 {
		c.received(time.Duration(30+sec)*time.Second, 1_500_000)
	}
	if want := "Mbit/s over 10 s; because"; !strings.HasPrefix(why, "ceiling reached: 8.") || !strings.HasSuffix(why, want) {
		t.Errorf("%q; want it to end with %q", why, want)
	}
}

// TestManyHosts: playlists may name hosts without end.
func TestManyHosts(t *testing.T) {
	why := ""
	c := newCeiling(Ceiling{Elsewhere: Bound{Peak: 100, Floor: 100}}, nil, func(reason string) { why = reason })
	for i := range 3 * maxCountedHosts {
		c.request(time.Duration(i)*time.Millisecond, fmt.Sprintf("http://host%d/", i))
	}
	if len(c.hosts) > maxCountedHosts+1 || why != "" {
		t.Errorf("%d hosts are counted: %s", len(c.hosts), why)
	}
}

// TestBytes: so many bytes of bodies end the run; what is under way is told.
func TestBytes(t *testing.T) {
	w := inBubble(t, func(cfg *Config, c *channel) {
		cfg.Audience.Players = 10
		cfg.Ceiling = Ceiling{Bytes: 5_000_000}
		c.hook = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, ".ts") {
				return false
			}
			w.Header().Set("Content-Length", "200000")
			w.Write(bytes.Repeat([]byte("G"), 100_000))
			http.NewResponseController(w).Flush()
			select {
			case <-time.After(500 * time.Millisecond):
				w.Write(bytes.Repeat([]byte("G"), 100_000))
			case <-r.Context().Done():
			}
			return true
		}
	}, nil)
	why, at := w.fleet.HaltReason()
	if !strings.Contains(why, " MB of bodies were received (limits.bytes: 5 MB); up to ") || strings.Contains(why, "up to 0 B") || at > 10*time.Second {
		t.Errorf("halted at %v: %s", at, why)
	}
	c := w.fleet.ceiling
	if c.announced != 0 || c.total < 5_000_000 || c.total > 5_400_000 {
		t.Errorf("%d bytes received, and %d under way after the end; want 5,000,000 and none", c.total, c.announced)
	}
}

// TestBytesOfRedirects: bodies of redirects are bodies.
func TestBytesOfRedirects(t *testing.T) {
	w := inBubble(t, func(cfg *Config, c *channel) {
		cfg.Audience = audience.Config{Players: 1, Cohorts: cfg.Audience.Cohorts}
		cfg.Ceiling = Ceiling{Bytes: 20_000}
		c.hook = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Location", "/x"+r.URL.Path)
			w.WriteHeader(http.StatusFound)
			w.Write(bytes.Repeat([]byte("G"), 10_000))
			return true
		}
	}, nil)
	if why, _ := w.fleet.HaltReason(); !strings.Contains(why, "limits.bytes: 20 kB") {
		t.Errorf("halted: %q", why)
	}
}
