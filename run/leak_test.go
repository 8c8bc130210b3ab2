package run

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/reports"
	"hlsload/run/vital"
)

const soaking = `duration: 20m
target: {rig: {ladder: mini}}
fleet:
  players: 2
  body: none
  arrive: {over: 1s}
  session: {mean: 5m}
  cohorts: [{name: web, share: 100%, profile: hlsjs-1.7}]
`

// leaking uses more memory every minute; back says whether all goroutines are gone in the end.
func leaking(perMinute float64, back bool) func() vital.Level {
	began := time.Now()
	return func() vital.Level {
		since := time.Since(began)
		l := vital.Level{vital.Heap: 50e6 + perMinute*since.Minutes(), vital.RSS: 90e6, vital.Goroutines: 30, vital.Files: 20, vital.Threads: 9}
		if since > 0 && (since < 20*time.Minute || !back) {
			l[vital.Goroutines] = 300
		}
		return l
	}
}

// TestRunFindsLeaks: what this process uses is watched through a run of 20 minutes. What grows is a
// warning, and the reason of a void run once it has doubled.
func TestRunFindsLeaks(t *testing.T) {
	for _, tc := range []struct {
		name      string
		perMinute float64
		back      bool
		exit      int
		leaks     string
	}{
		{"nothing leaks", 0, true, reports.ExitPass, ""},
		{"memory leaks", 1e6, true, reports.ExitPass, "live heap: grows"},
		{"memory doubles", 10e6, true, reports.ExitTester, "live heap: grows"},
		{"goroutines stay", 0, false, reports.ExitPass, "goroutines: not given back: 30 before the first player, 300 after the last one"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newParty(t, soaking)
			s, err := Do(t.Context(), &Config{Scenario: p.scenario(), Dir: t.TempDir(), Network: p.on, Vital: leaking(tc.perMinute, tc.back)})
			if err != nil {
				t.Fatal(err)
			}
			var leaks []string
			for _, l := range s.Leaks() {
				leaks = append(leaks, l.Line())
			}
			if got := strings.Join(leaks, "; "); s.ExitCode != tc.exit || (got == "") != (tc.leaks == "") || !strings.HasPrefix(got, tc.leaks) || len(s.Tester.Trends) != 5 {
				t.Errorf("%s: exit code %d (%s), %q in %d trends; want %d, %q in 5", tc.name, s.ExitCode, s.VoidReason, got, len(s.Tester.Trends), tc.exit, tc.leaks)
			}
			if said := strings.Contains(strings.Join(s.Warnings, "\n")+s.VoidReason, tc.leaks); !said {
				t.Errorf("%s: neither a warning nor the reason says %q: %q, %s", tc.name, tc.leaks, s.Warnings, s.VoidReason)
			}
		})
	}
}

// TestAgentsFindLeaks: each agent watches itself, and the one that leaks is named.
func TestAgentsFindLeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParty(t, soaking, "a", "b")
		p.agent = func(c *AgentConfig) {
			c.Vital = leaking(map[string]float64{"b": 10e6}[c.Name], true)
		}
		p.config = func(c *Config) { c.Vital = leaking(0, true) }
		s, err := p.together()
		if err != nil {
			t.Fatal(err)
		}
		if leaks := s.Leaks(); len(leaks) != 1 || leaks[0].Agent != "b" || s.ExitCode != reports.ExitTester || len(s.Tester.Trends) != 15 {
			t.Errorf("exit code %d (%s), %d trends, leaks %+v", s.ExitCode, s.VoidReason, len(s.Tester.Trends), leaks)
		}
		if want := "this machine did not stay the same: live heap of agent b: grows: from "; !strings.HasPrefix(s.VoidReason, want) {
			t.Errorf("void because %s; want %s", s.VoidReason, want)
		}
	})
}
