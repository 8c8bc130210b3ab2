package measure

import (
	"slices"
	"strings"
	"testing"

	"hlsload/player/m3u8"
	"hlsload/reports"
)

// lossy is a run of eight sessions that fail over within 6 s, and of an agent that was lost
// with two players.
func lossy(t *testing.T, limit float64, texts ...string) *reports.Summary {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 50)))
	sc.apply(0, 1, 30)
	sc.clear(0, 1, 50)
	for range 8 {
		v := sc.watching(0)
		v.answer(34, m3u8.KindMedia, 0, 404, 0)
		v.append(36, 1)
	}
	return sc.finish(End{LostLimit: limit, Agents: []Agent{
		{Name: "here", Players: 8},
		{Name: "gone", Players: 2, LostAt: sec(72), Lost: "no sign of it for 3s"},
	}}, texts...)
}

func TestMoreLostThanAllowed(t *testing.T) {
	for _, c := range []struct {
		limit float64
		code  int
		want  string
	}{
		{0, reports.ExitLost, "2 of 10 players were lost (limits.lost: none may be): agent gone at 1:12 with 2 players (no sign of it for 3s)"},
		{.19, reports.ExitLost, "2 of 10 players were lost (limits.lost: at most 19 % may be): agent gone at 1:12 with 2 players (no sign of it for 3s)"},
		{.2, reports.ExitPass, ""},
	} {
		s := lossy(t, c.limit)
		if s.ExitCode != c.code || s.VoidReason != c.want {
			t.Errorf("limit %v: exit code %d, %q; want %d, %q", c.limit, s.ExitCode, s.VoidReason, c.code, c.want)
		}
		if s.Players.Lost != 2 || len(s.Agents) != 2 || s.Agents[0].Reason != "" || s.Agents[0].LostAtS.Known() || s.Agents[1].Reason != "no sign of it for 3s" || s.Agents[1].LostAtS != 72 {
			t.Errorf("limit %v: %d players lost, agents %+v", c.limit, s.Players.Lost, s.Agents)
		}
		// What makes the run void is not a warning as well.
		if slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.HasPrefix(w, "lost: agent gone at 1:12 with 2 players") }) != (c.want == "") {
			t.Errorf("limit %v: warnings %q; want one of the lost agent if the run is not void", c.limit, s.Warnings)
		}
		if helps := strings.Join(s.WhatHelps, "\n"); strings.Contains(helps, "--set limits.lost=20%;") != (c.code == reports.ExitLost) {
			t.Errorf("limit %v: what helps: %q", c.limit, helps)
		}
	}
}

// Of 110, 113 and 111 the first one stands.
func TestOrderOfVoidReasons(t *testing.T) {
	s := &reports.Summary{Mode: reports.ModeRun, Cohorts: map[string]*reports.CohortSummary{"all": {StartupMs: reports.Dist{Count: 1}}}, Tester: reports.Tester{DroppedSamples: 1}}
	end := reports.Ending{Lost: []reports.LostAgent{{Name: "a", Players: 1}}, Players: 2}
	if s.Decide(&end); s.ExitCode != reports.ExitLost || !strings.Contains(s.VoidReason, "dropped") {
		t.Errorf("exit code %d (%s); want %d, and both reasons", s.ExitCode, s.VoidReason, reports.ExitLost)
	}
	s.Faults = []reports.FaultSummary{{Problem: "not undone"}}
	if s.Decide(&end); s.ExitCode != reports.ExitFault {
		t.Errorf("exit code %d; want %d", s.ExitCode, reports.ExitFault)
	}
}

// An expectation holds only if it does whatever the lost players saw.
func TestWorstOfLostPlayers(t *testing.T) {
	for _, c := range []struct {
		text string
		pass bool
		want string // the worst, in words; "" = what was measured
	}{
		{"failover.p50 < 7s", true, ""},
		{"failover.p95 < 7s", false, "never"},
		{"failover.max > 5s", true, ""},
		{"failover.min > 5s", false, "0 s"},
		{"failover.count <= 9", false, "10"},
		{"failed_over >= 80%", true, "80 %"},
		{"failed_over >= 81%", false, "80 %"},
		{"never_recovered == 0%", false, "20 %"},
		{"fatal <= 20%", true, "20 %"},
		{"affected >= 8", true, ""},
		{"affected <= 9", false, "10"},
		{"failover.p95 - startup.p50 < 30s", false, "never"},
	} {
		s := lossy(t, .5, c.text)
		e := s.Expectations[0]
		_, worst, _ := strings.Cut(e.Reason, "; with the worst that lost players may have seen ")
		if e.Pass != c.pass || worst != c.want {
			t.Errorf("%s: pass %v, %q; want %v, worst %q", c.text, e.Pass, e.Reason, c.pass, c.want)
		}
	}
}

// What was measured stays what was measured.
func TestLostPlayersAreInNoFigure(t *testing.T) {
	s := lossy(t, .5, "failed_over >= 99%")
	f := &s.Faults[0]
	if f.Affected != 8 || f.FailedOver != 8 || f.FailoverMs.Count != 8 || s.Players.Started != 8 || s.Expectations[0].Value != 1 {
		t.Errorf("affected %d, failed over %d, %d times, %d players, measured %v; want 8, 8, 8, 8 and 1", f.Affected, f.FailedOver, f.FailoverMs.Count, s.Players.Started, s.Expectations[0].Value)
	}
}

// Half of the viewers lost are not served, as far as is known.
func TestServedWithLostPlayers(t *testing.T) {
	few, many := lossy(t, 1), (*reports.Summary)(nil)
	sc := newScene(t, sceneConfig())
	for range 8 {
		sc.watching(0)
	}
	many = sc.finish(End{LostLimit: 1, Agents: []Agent{{Name: "here", Players: 8}, {Name: "gone", Players: 8, Lost: "killed"}}})
	served := func(s *reports.Summary) *reports.ExpectationResult { return &s.Expectations[len(s.Expectations)-1] }
	if !served(few).Pass {
		t.Errorf("2 of 10 lost: %s; want served", served(few).Reason)
	}
	if e := served(many); e.Pass || !e.ByLost || !strings.Contains(e.Reason, "8 were lost with their agents") {
		t.Errorf("8 of 16 lost: pass %v, by lost %v, %s; want not served", e.Pass, e.ByLost, e.Reason)
	}
	if why := many.Reason(); why != "1 of 1 expectations hold as measured, but not with the worst that the 8 lost players may have seen" {
		t.Errorf("8 of 16 lost: %s", why)
	}
}

// Lost players have not been there before the others were: while few have arrived, few of them
// can have been without a picture.
func TestLostPlayersArriveAsOthers(t *testing.T) {
	cfg := sceneConfig()
	cfg.Duration, cfg.ArrivalsEnd = sec(200), sec(200)
	sc := newScene(t, cfg)
	for i := range 20 {
		at := float64(10*i + 1)
		v := sc.join(at, 0)
		v.request(at, m3u8.KindMedia, 0)
		v.start(at + 1)
		v.append(at+1, 0)
	}
	s := sc.finish(End{At: sec(200), LostLimit: 1, Agents: []Agent{{Name: "here", Players: 20}, {Name: "gone", Players: 5, Lost: "killed"}}})
	if e := s.Expectations[len(s.Expectations)-1]; !e.Pass {
		t.Errorf("5 of 25 lost: %s; want served", e.Reason)
	}
}

func TestLostAmong(t *testing.T) {
	for _, tc := range []struct{ players, of, n, want int64 }{{0, 10, 5, 0}, {2, 10, 0, 0}, {2, 10, 1, 1}, {2, 10, 4, 1}, {2, 10, 5, 2}, {2, 10, 100, 2}, {10, 10, 3, 10}} {
		if got := (lost{tc.players, tc.of}).among(tc.n); got != tc.want {
			t.Errorf("%+v: %d", tc, got)
		}
	}
}

func TestWorstLoad(t *testing.T) {
	l := lost{players: 200, of: 1000}
	for _, c := range []struct {
		what      string
		got, want reports.Value
	}{
		{"rate, at most", l.rate(80, highest), 100},
		{"rate, at least", l.rate(80, lowest), 80},
		{"hits, at most", l.hits(.9, highest), .92},
		{"hits, at least", l.hits(.9, lowest), .72},
		{"times, at most", l.times(4, highest), 5},
		{"times, at least", l.times(4, lowest), 3.2},
		{"nothing lost", lost{of: 1000}.times(4, highest), 4},
		{"count, at most", reports.Value(l.amount(400, highest)), 600},
	} {
		if c.got.Round(9) != c.want {
			t.Errorf("%s: %v; want %v", c.what, c.got, c.want)
		}
	}
}
