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

	"hlsload/reports"
	"hlsload/run/look"
	"hlsload/run/runtest"
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
		{"as expected", "203.0.113.9", 0, "", 0, []string{"expected load, simulated with 30 players", "requests: ", "of response bodies: ", " USD for egress and requests at CloudFront's public list price (2026-11-29)",
			"ceiling of requests: the run ends when they exceed both ", "and 120/s over 10 s (4/s a player)", "ceiling of bandwidth: "}, "ceiling reached"},
		{"much more", "203.0.113.9", 9, "", reports.ExitInterrupted, []string{"ceiling reached: ", " requests within 5 s (", "; the expected peak is ", "limits: {requests: N/s} raises the ceiling"}, ""},
		{"much more, at home", "10.0.0.1", 9, "", 0, []string{"expected load, simulated with 30 players"}, "ceiling"},
		{"much more, and asked for", "203.0.113.9", 9, "--set limits.requests=5000/s", 0, []string{"ceiling of requests: 5000/s (limits.requests)"}, "ceiling reached"},
		{"more than asked for", "203.0.113.9", 9, "--set limits.requests=100/s", reports.ExitInterrupted, []string{"more than 100 requests would have been sent within a second"}, "; the expected peak"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				defer m.ServeAt(tc.addr+":80", &winding{healthy{began: time.Now()}, tc.hops}).Close()
				n := &names{hosts: map[string][]string{"edge.example": {tc.addr}}}
				args := append([]string{"run", "testdata/scenarios/url.yaml", "--url", "http://edge.example/index.m3u8", "--progress", "plain", "--out", filepath.Join(t.TempDir(), "out"),
					"--players", "30"}, strings.Fields(by+" "+until+" "+tc.args)...)
				var stdout, stderr bytes.Buffer
				code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial, Resolver: n}}, args, &stdout, &stderr)
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

// TestPlanLooks: plan says what it had to assume, and with --look what the stream
// is like.
func TestPlanLooks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args string
		said []string
		not  string
	}{
		{"", []string{"expected load, simulated with 2 players", "assumed, because it is unknown: segments of 4 s, the ladder hd-720p (0.4 to 2.7 Mbit/s), 2 pipelines (hlsload plan --look reads the stream)",
			"ceiling of requests where the target is not local: the run ends when they exceed both "}, "ceiling of bandwidth"},
		{"--look", []string{"expected load, simulated with 2 players", "ceiling of requests: the run ends when they exceed both "}, "segments of 4 s"},
		{"--set limits.bytes=1GB", []string{"ceiling of bytes: the run ends when 1 GB of bodies have been received (limits.bytes)"}, ""},
		{"--set limits.bytes=1MB --set limits.requests=1/s", []string{"ceiling of bytes: the run ends when 1 MB of bodies have been received (limits.bytes): below the expected load, so the run will end early",
			"ceiling of requests: 1/s (limits.requests): below the expected load"}, ""},
		{"--url http://127.0.0.1/x.m3u8", []string{"expected load"}, "USD"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := runtest.NewNetwork()
			defer m.ServeAt("203.0.113.9:80", &healthy{began: time.Now()}).Close()
			n := &names{hosts: map[string][]string{"edge.example": {"203.0.113.9"}}}
			args := append([]string{"plan", "testdata/scenarios/url.yaml", "--url", "http://edge.example/index.m3u8"}, strings.Fields(tc.args)...)
			var stdout, stderr bytes.Buffer
			code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial, Resolver: n}}, args, &stdout, &stderr)
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
