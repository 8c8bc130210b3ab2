package main

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/player"
	"hlsload/reports"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// stormy is a stream whose segments are missing.
type stormy struct {
	healthy
	mu    sync.Mutex
	asked map[string]int
}

func (s *stormy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked[r.URL.Path]++
	s.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, ".ts") {
		http.NotFound(w, r)
		return
	}
	s.healthy.ServeHTTP(w, r)
}

// most is the URL that was asked for most.
func (s *stormy) most() (url string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for u, k := range s.asked {
		if k > n && strings.HasSuffix(u, ".ts") {
			url, n = u, k
		}
	}
	return url, n
}

// TestStorm: a player that storms does so at home, and not elsewhere; there the
// report says what was held back.
func TestStorm(t *testing.T) {
	t.Parallel()
	const players, seconds, target = 3, 10, 2
	for _, tc := range []struct {
		addr  string
		storm bool
	}{{"10.0.0.1", true}, {"203.0.113.9", false}} {
		t.Run(tc.addr, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				s := &stormy{healthy: healthy{began: time.Now()}, asked: map[string]int{}}
				defer m.ServeAt(tc.addr+":80", s).Close()
				n := &names{hosts: map[string][]string{"edge.example": {tc.addr}}}
				args := []string{"run", "testdata/scenarios/url.yaml", "--url", "http://edge.example/index.m3u8", "--progress", "none", "--out", filepath.Join(dir, "out"),
					"--players", fmt.Sprint(players), "--duration", fmt.Sprintf("%ds", seconds), "--set", "fleet.cohorts=[{name: stormy, profile: {base: hlsjs-1.7, " +
						"errors: [{kinds: [multivariant, media, init, segment, key], causes: [any], retry: {forever: {delays: [20ms]}}}]}}]"}
				var stdout, stderr bytes.Buffer
				executeOn(t.Context(), network{web: look.Network{Dial: m.Dial, Resolver: n}}, args, &stdout, &stderr)
				url, most := s.most()
				said := strings.Join(strings.Fields(stdout.String()), " ")
				if storm := most > players*player.MaxRepeats*(seconds/target+1); storm != tc.storm {
					t.Errorf("%d requests for %s of %d players in %d s\n%s%s", most, url, players, seconds, stdout.String(), stderr.String())
				}
				if told := strings.Contains(said, "requests were held back ("); told == tc.storm {
					t.Errorf("held back: %t; want %t in\n%s", told, !tc.storm, said)
				}
			})
		})
	}
}

// TestBytesEndTheRun: so many bytes of bodies end a run, on whatever target.
func TestBytesEndTheRun(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"10.0.0.1", "203.0.113.9"} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			m := runtest.NewNetwork()
			defer m.ServeAt(addr+":80", &healthy{began: time.Now()}).Close()
			n := &names{hosts: map[string][]string{"edge.example": {addr}}}
			args := []string{"run", "testdata/scenarios/url.yaml", "--url", "http://edge.example/index.m3u8", "--progress", "none", "--out", dir, "--set", "limits.bytes=20kB"}
			var stdout, stderr bytes.Buffer
			code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial, Resolver: n}}, args, &stdout, &stderr)
			s := summaryOf(t, dir)
			if why, _ := s["interrupted"].(string); code != reports.ExitInterrupted || !strings.Contains(why, "kB of bodies were received (limits.bytes: 20 kB)") {
				t.Errorf("%s: exit code %d: %q\n%s", addr, code, why, stderr.String())
			}
		})
	}
}
