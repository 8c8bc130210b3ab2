package main

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/sim/forecast"
)

// winding is a stream where every request is sent from one place to another.
type winding struct {
	healthy
	hops int
}

func (s *winding) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hop, _ := strconv.Atoi(r.URL.Query().Get("hop"))
	if hop < s.hops {
		http.Redirect(w, r, fmt.Sprintf("%s?hop=%d", r.URL.Path, hop+1), http.StatusFound)
		return
	}
	s.healthy.ServeHTTP(w, r)
}

// TestDefaultCeiling: on a target that is not local a run ends when it asks for
// much more than was expected of it, and says what was expected, what was seen and
// which key allows more.
func TestDefaultCeiling(t *testing.T) {
	for _, tc := range []struct {
		name string
		addr string
		hops int
		args string
		code int
		said []string
		not  string
	}{
		{"as expected", "203.0.113.9", 0, "", 0, []string{"expected load, simulated with 30 players", "requests: ", "of bodies: ", " USD for egress and requests at CloudFront's public list price (2026-11-29)",
			"ceiling of requests: the run ends above ", "above 120/s over 10 s (4/s a player)", "ceiling of bodies: "}, "ceiling reached"},
		{"much more", "203.0.113.9", 9, "", reports.ExitInterrupted, []string{"ceiling reached: ", " requests within 5 s (", "; expected were at most ", "limits: {requests: N/s} raises it"}, ""},
		{"much more, at home", "10.0.0.1", 9, "", 0, []string{"expected load, simulated with 30 players"}, "ceiling"},
		{"much more, and asked for", "203.0.113.9", 9, "--set limits.requests=5000/s", 0, []string{"ceiling of requests: 5000/s (limits.requests)"}, "ceiling reached"},
		{"more than asked for", "203.0.113.9", 9, "--set limits.requests=100/s", reports.ExitInterrupted, []string{"more than 100 requests would have been sent within a second"}, "expected were"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				defer m.serveAt(tc.addr+":80", &winding{healthy{began: time.Now()}, tc.hops}).Close()
				n := &names{hosts: map[string][]string{"edge.example": {tc.addr}}}
				args := append([]string{"run", "testdata/scenarios/url.yaml", "--url", "http://edge.example/index.m3u8", "--progress", "plain", "--out", filepath.Join(t.TempDir(), "out"),
					"--players", "30"}, strings.Fields(by+" "+until+" "+tc.args)...)
				var stdout, stderr bytes.Buffer
				code := runOn(t.Context(), network{web: look.Network{Dial: m.dial, Resolver: n}}, args, &stdout, &stderr)
				said := strings.Join(strings.Fields(stderr.String()+stdout.String()), " ")
				if code != tc.code {
					t.Errorf("exit code %d; want %d", code, tc.code)
				}
				for _, want := range tc.said {
					if !strings.Contains(said, want) {
						t.Errorf("no %q in\n%s", want, said)
					}
				}
				if tc.not != "" && strings.Contains(said, tc.not) {
					t.Errorf("%q in\n%s", tc.not, said)
				}
			})
		})
	}
}

// TestHostCeilings: a host has its part of what is expected, by what the look at
// the stream has seen there; what the scenario allows in all it allows to hosts in
// proportion.
func TestHostCeilings(t *testing.T) {
	sc := parse(t, "duration: 60s\ntarget: {url: http://a/x.m3u8}\nfleet: {players: 100}\n")
	e, err := expectLoad(t.Context(), sc, nil, forecast.Stream{}, true)
	if err != nil {
		t.Fatal(err)
	}
	lists, media := forecast.Of(m3u8.KindMultivariant, m3u8.KindMedia), forecast.Of(m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey)
	hosts := map[string]forecast.Kinds{"lists.example": lists, "media.example": media}
	var c, raised fleet.Ceiling
	e.ceilings(&c, &scenarios.Limits{}, hosts)
	l, g, all := c.Hosts["lists.example"], c.Hosts["media.example"], c.Total
	if !(l.Peak > 0 && l.Peak < all.Peak && g.Peak > 0 && g.Peak < all.Peak && l.Floor >= 100 && l.Floor < 400 && all.Floor == 400) {
		t.Errorf("lists %+v, media %+v, all %+v", l, g, all)
	}
	if c.Elsewhere.Peak != all.Peak || c.Elsewhere.Floor != all.Floor {
		t.Errorf("a host that was not met: %+v; want as all: %+v", c.Elsewhere, all)
	}
	if c.Bits != (fleet.Bound{Why: c.Bits.Why}) {
		t.Errorf("bodies of an unknown ladder: %+v; want no ceiling", c.Bits)
	}
	e.ceilings(&raised, &scenarios.Limits{Requests: int64(10 * max(all.Peak, all.Floor)), Bandwidth: 1}, hosts)
	if r := raised.Hosts["lists.example"]; raised.Total != (fleet.Bound{}) || r.Peak < 9*l.Peak || r.Peak > 11*l.Peak || r.Floor < 9*l.Floor {
		t.Errorf("with 10 times as much in all: %+v, %+v; want 10 times %+v", raised.Total, r, l)
	}
}

// TestAsked: what hosts are asked for, whichever pipeline they serve.
func TestAsked(t *testing.T) {
	list, media := forecast.Of(m3u8.KindMedia), forecast.Of(m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey)
	for _, tc := range []struct {
		name     string
		media    []string
		segments []string
		want     map[string]forecast.Kinds
	}{
		{"one host", []string{"http://A/a.m3u8"}, []string{"http://a"}, map[string]forecast.Kinds{"a": forecast.All}},
		{"a dot at its end", []string{"http://A./a.m3u8"}, []string{"http://a.:80"}, map[string]forecast.Kinds{"a": forecast.All}},
		{"a host for each pipeline", []string{"https://b:8443/a.m3u8", "https://c/a.m3u8"}, []string{"b:8443"},
			map[string]forecast.Kinds{"a": forecast.Of(m3u8.KindMultivariant), "b": list | media, "c": list | media}},
		{"segments elsewhere", []string{"http://a/a.m3u8"}, []string{"s"}, map[string]forecast.Kinds{"a": list | forecast.Of(m3u8.KindMultivariant), "s": media}},
	} {
		s := &stream{entries: []string{"http://a/index.m3u8"}, media: tc.media, segments: tc.segments, fetch: look.New(look.Config{})}
		got := s.asked()
		if fmt.Sprint(got) != fmt.Sprint(tc.want) {
			t.Errorf("%s: %v; want %v", tc.name, got, tc.want)
		}
		s.fetch.Close()
	}
}

// TestHosts: consent is asked of the target's own hosts first, however many others
// its playlists name.
func TestHosts(t *testing.T) {
	s := &stream{entries: []string{"https://z.example/index.m3u8", "http://y.example:8080/index.m3u8"}, fetch: look.New(look.Config{})}
	defer s.fetch.Close()
	for i := range 2 * look.MaxHosts {
		s.media = append(s.media, fmt.Sprintf("https://a%03d.example/%d.m3u8", i, i), "https://z.example/v.m3u8")
	}
	s.segments = []string{"b.example", "z.example"}
	got := s.hosts()
	if len(got) != 2+2*look.MaxHosts+1 || got[0] != "z.example" || got[1] != "http://y.example:8080" || got[2] != "a000.example" || got[len(got)-1] != "b.example" {
		t.Errorf("%q", got)
	}
}

// TestPlanLooks: plan says what it had to assume, and with --look what the stream
// is like.
func TestPlanLooks(t *testing.T) {
	for _, tc := range []struct {
		args string
		said []string
		not  string
	}{
		{"", []string{"expected load, simulated with 2 players", "assumed, because it is not known: segments of 4 s, the ladder hd-720p (0.4 to 2.7 Mbit/s), 2 pipelines (hlsload plan --look looks at the stream)",
			"ceiling of requests where the target is not local: the run ends above "}, "ceiling of bodies"},
		{"--look", []string{"expected load, simulated with 2 players", "ceiling of requests: the run ends above "}, "segments of 4 s"},
		{"--set limits.bytes=1GB", []string{"ceiling of bytes: the run ends at 1 GB of bodies (limits.bytes)"}, ""},
		{"--set limits.bytes=1MB --set limits.requests=1/s", []string{"ceiling of bytes: the run ends at 1 MB of bodies (limits.bytes): less than what is expected, so the run will end early",
			"ceiling of requests: 1/s (limits.requests): less than what is expected"}, ""},
		{"--url http://127.0.0.1/x.m3u8", []string{"expected load"}, "USD"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			defer m.serveAt("203.0.113.9:80", &healthy{began: time.Now()}).Close()
			n := &names{hosts: map[string][]string{"edge.example": {"203.0.113.9"}}}
			args := append([]string{"plan", "testdata/scenarios/url.yaml", "--url", "http://edge.example/index.m3u8"}, strings.Fields(tc.args)...)
			var stdout, stderr bytes.Buffer
			code := runOn(t.Context(), network{web: look.Network{Dial: m.dial, Resolver: n}}, args, &stdout, &stderr)
			for _, want := range tc.said {
				if !strings.Contains(stdout.String(), want) {
					t.Errorf("plan %s: exit code %d, no %q in\n%s%s", tc.args, code, want, stdout.String(), stderr.String())
				}
			}
			if tc.not != "" && strings.Contains(stdout.String(), tc.not) {
				t.Errorf("plan %s: %q in\n%s", tc.args, tc.not, stdout.String())
			}
		})
	}
}
