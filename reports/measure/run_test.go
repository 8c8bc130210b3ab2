package measure

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/expect"
	"hlsload/reports/page"
	"hlsload/reports/record"
)

// judgeAll evaluates expectations over the scene's end.
func (sc *scene) finish(end End, texts ...string) *reports.Summary {
	sc.Helper()
	var names []string
	for _, f := range sc.c.Config().Faults {
		names = append(names, f.Name)
	}
	k := expect.Known{Faults: names, Cohorts: []string{"web", "control", "tv"}, Profiles: []string{"hlsjs", "exo"}}
	for _, text := range texts {
		e, problems := expect.Parse(text, k)
		if problems != nil {
			sc.Fatalf("%s: %v", text, problems)
		}
		sc.c.Config().Expect = append(sc.c.Config().Expect, e)
	}
	if end.At == 0 {
		end.At = sec(100)
	}
	sc.over = Finish(sc.c, end)
	return sc.over.Summary
}

// values checks what expectations measured, in words.
func values(t *testing.T, s *reports.Summary, want ...string) {
	t.Helper()
	if n := len(s.Expectations); n != len(want)+1 || s.Expectations[n-1].Expr != reports.ViewersServed {
		t.Fatalf("%d expectations; want %d and %s", n, len(want), reports.ViewersServed)
	}
	for i := range want {
		if got := strings.TrimPrefix(s.Expectations[i].Reason, "measured "); got != want[i] {
			t.Errorf("%s: got %q, want %q", s.Expectations[i].Expr, got, want[i])
		}
	}
}

// TestOverlap: pipeline 0 dies at 30 s, pipeline 1 at 40 s. A session that
// moves 0 → 1 → (0 is back at 50) → 0 has failed over twice.
func TestOverlap(t *testing.T) {
	b := kill("kill-1", 1, 40, 70)
	b.Pipeline = 1
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 50), b))
	sc.apply(0, 1, 30)
	sc.apply(1, 1, 40)
	sc.clear(0, 1, 50)
	sc.clear(1, 1, 70)
	v := sc.watching(0)
	v.answer(34, m3u8.KindMedia, 0, 404, 0)
	v.append(36, 1)
	v.answer(44, m3u8.KindMedia, 1, 404, 1)
	v.stall(48)
	v.append(52, 0)
	v.resume(53)
	s := sc.finish(End{})
	for i, want := range []string{
		"affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover 6 s outage 5 s/0",
		"affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover 12 s outage 5 s/0",
	} {
		if got := told(&s.Faults[i]); got != want {
			t.Errorf("fault %d\n got %s\nwant %s", i, got, want)
		}
	}
	// The second began while the first was on: nothing to compare it with.
	if s.Faults[0].BaselineFromS != 10 || s.Faults[1].BaselineFromS.Known() {
		t.Errorf("baselines from %v and %v; want 10 and none", s.Faults[0].BaselineFromS, s.Faults[1].BaselineFromS)
	}
	if s.Faults[0].RecoveryEndS != 70 || s.Faults[1].RecoveryEndS != 90 {
		t.Errorf("recoveries end at %v and %v; want 70 and 90", s.Faults[0].RecoveryEndS, s.Faults[1].RecoveryEndS)
	}
	if !slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, "kill-1 has no baseline") }) {
		t.Errorf("warnings %q lack the missing baseline", s.Warnings)
	}
}

// TestOverlapDied: a session that survived the first fault and dies of the second is lost
// to the second only.
func TestOverlapDied(t *testing.T) {
	b := kill("kill-1", 1, 40, 70)
	b.Pipeline = 1
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60), b))
	sc.apply(0, 1, 30)
	sc.apply(1, 1, 40)
	sc.clear(0, 1, 60)
	sc.clear(1, 1, 70)
	v := sc.watching(0)
	v.answer(34, m3u8.KindMedia, 0, 404, 0)
	v.append(36, 1)
	v.answer(44, m3u8.KindMedia, 1, 404, 1)
	v.die(50)
	s := sc.finish(End{})
	if a, b := &s.Faults[0], &s.Faults[1]; a.FailedOver != 1 || a.NeverRecovered != 0 || b.FailedOver != 0 || b.NeverRecovered != 1 {
		t.Errorf("got\n%s\n%s", told(a), told(b))
	}
	if got := s.Faults[1].OutageMs.Max; got != 40_000 { // 50 s to the end of recovery at 90 s
		t.Errorf("outage %v ms; want 40000", got)
	}
}

// TestEverything: a fault that selects everything leaves nothing to move to.
func TestEverything(t *testing.T) {
	f := chaos.NewFault("slow", chaos.OriginSlow)
	f.Occurrence, f.Via, f.At, f.For = 1, chaos.ViaRig, sec(30), sec(30)
	sc := newScene(t, sceneConfig(f))
	sc.apply(0, 1, 30)
	sc.clear(0, 1, 60)
	in := sc.watching(0) // stays
	in.answer(36, m3u8.KindMedia, 0, 200, 0)
	in.append(38, 0)
	in.append(62, 0)
	away := sc.watching(0) // switches in vain, and stays there
	away.answer(36, m3u8.KindMedia, 0, 200, 0)
	away.append(40, 1)
	away.append(62, 1)
	quiet := sc.watching(0) // never gets an answer at all, nor a mark
	quiet.add(55, player.Sample{Type: player.Answered, Kind: m3u8.KindMedia, Pipeline: 0, Failure: player.Timeout, Sent: sec(35)}, nil)
	s := sc.finish(End{})
	if f := &s.Faults[0]; f.Affected != 3 || f.Healed != 2 || f.FailedOver != 0 || f.NeverRecovered != 1 {
		t.Errorf("got %s", told(f))
	}
}

// TestNeverUndone: no session heals of a fault that is still on at the end.
func TestNeverUndone(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 100)))
	sc.apply(0, 1, 30)
	v := sc.watching(0)
	v.answer(36, m3u8.KindMedia, 0, 404, 0)
	v.stall(60)
	dead := sc.watching(0)
	dead.answer(36, m3u8.KindMedia, 0, 404, 0)
	dead.die(80)
	s := sc.finish(End{})
	if f := &s.Faults[0]; f.NeverRecovered != 2 || f.OutageMs.Max != 40_000 || f.OutageMs.Min != 20_000 || f.OutageMs.Censored != 2 || f.ClearedAtS.Known() {
		t.Errorf("got %s; outages %v to %v", told(f), f.OutageMs.Min, f.OutageMs.Max)
	}
}

// TestCommand: a fault that cannot mark answers is known by evidence.
func TestCommand(t *testing.T) {
	f := chaos.NewFault("stop-encoder", chaos.Command)
	f.Occurrence, f.Via, f.Pipeline, f.At, f.For = 1, chaos.ViaCommand, 0, sec(30), sec(30)
	unchanged := func(v viewer, at, since float64, pipeline int8) {
		v.add(at, player.Sample{Type: player.Answered, Kind: m3u8.KindMedia, Pipeline: pipeline, Status: 200, Sent: sec(at), Unchanged: sec(since)}, nil)
	}
	for _, tc := range []struct {
		name     string
		play     func(sc *scene)
		affected int64
	}{
		{"frozen for 1.5 target durations", func(sc *scene) { unchanged(sc.watching(0), 40, 6, 0) }, 0},
		{"frozen for longer", func(sc *scene) { unchanged(sc.watching(0), 40, 6.001, 0) }, 1},
		{"frozen on the other side", func(sc *scene) { unchanged(sc.watching(0), 40, 20, 1) }, 0},
		{"frozen before", func(sc *scene) { unchanged(sc.watching(0), 29, 20, 0) }, 0},
		{"frozen after", func(sc *scene) { unchanged(sc.watching(0), 61, 20, 0) }, 0},
		{"failed", func(sc *scene) { sc.watching(0).answer(40, m3u8.KindSegment, 0, 404, -1) }, 1},
		{"said so", func(sc *scene) {
			sc.watching(0).add(40, player.Sample{Type: player.Evidence, Failure: player.Stale, Pipeline: 0}, nil)
		}, 1},
		{"joined and asked", func(sc *scene) { sc.join(40, 0).request(40, m3u8.KindMedia, 0); sc.watching(0) }, 1},
	} {
		sc := newScene(t, sceneConfig(f))
		sc.apply(0, 1, 30)
		sc.clear(0, 1, 60)
		tc.play(sc)
		if got := sc.finish(End{At: sec(100)}).Faults[0].Affected; got != tc.affected {
			t.Errorf("%s: %d affected; want %d", tc.name, got, tc.affected)
		}
	}
}

// TestAgain: two occurrences of one entry. A session that is lost in the first is settled
// when the second strikes; the label pools both.
func TestAgain(t *testing.T) {
	a, b := kill("kill-0", 0, 20, 25), kill("kill-0", 0, 60, 65)
	b.Occurrence = 2
	cfg := sceneConfig(a, b)
	cfg.Recovery = sec(10)
	sc := newScene(t, cfg)
	v := sc.watching(0)
	w := sc.watching(0)
	sc.apply(0, 1, 20)
	v.answer(22, m3u8.KindMedia, 0, 404, 0)
	v.stall(24)
	w.answer(22, m3u8.KindMedia, 0, 404, 0)
	w.append(23, 1)
	sc.clear(0, 1, 25)
	sc.apply(0, 2, 60)
	v.append(61, 1) // too late for the first, in time for the second once touched
	v.answer(62, m3u8.KindMedia, 0, 404, 0)
	v.append(63, 1)
	v.resume(64)
	sc.clear(0, 2, 65)
	s := sc.finish(End{}, "affected{fault=kill-0} == 3", "failed_over{fault=kill-0} > 0%", "failover.p50{fault=kill-0} < 1s", "failover.max{fault=kill-0} < 1s", "outage.max < 1s")
	if f := &s.Faults[0]; f.Occurrence != 1 || f.FailedOver != 1 || f.NeverRecovered != 1 || f.OutageMs.Max != 11_000 { // 24 s to 35 s
		t.Errorf("first: %s, longest outage %v", told(f), f.OutageMs.Max)
	}
	if f := &s.Faults[1]; f.Occurrence != 2 || f.FailedOver != 1 || f.NeverRecovered != 0 || f.OutageMs.Max != 4_000 {
		t.Errorf("second: %s, longest outage %v", told(f), f.OutageMs.Max)
	}
	values(t, s, "3", "66.7 %", "3 s", "never", "11 s")
}

// TestRendition: a fault of the lowest rendition leaves the others to move to.
func TestRendition(t *testing.T) {
	f := chaos.NewFault("gone", chaos.SegmentMissing)
	f.Occurrence, f.Via, f.Rendition, f.At, f.For = 1, chaos.ViaRig, "lowest", sec(30), sec(30)
	for _, table := range [][]record.Rendition{nil, {{Name: "low", Pipeline: 0, Rank: 0, Index: 0}, {Name: "low", Pipeline: 1, Rank: 0, Index: 0}, {Name: "high", Pipeline: 0, Rank: 1, Index: 1}, {Name: "high", Pipeline: 1, Rank: 1, Index: 1}}} {
		cfg := sceneConfig(f)
		cfg.Renditions = table
		sc := newScene(t, cfg)
		sc.apply(0, 1, 30)
		sc.clear(0, 1, 60)
		v := sc.watching(0)
		v.add(36, player.Sample{Type: player.Answered, Kind: m3u8.KindSegment, Rendition: 1, Pipeline: 1, Status: 404, Failure: player.BadStatus, Sent: sec(35)}, &record.Meta{Marks: 1})
		v.add(37, player.Sample{Type: player.Appended, Kind: m3u8.KindSegment, Rendition: 1, Pipeline: 1}, nil)
		v.add(40, player.Sample{Type: player.Appended, Kind: m3u8.KindSegment, Rendition: 2, Pipeline: 0}, nil)
		if f := sc.finish(End{}).Faults[0]; f.FailedOver != 1 || f.FailoverMs.Max != 10_000 {
			t.Errorf("with %d known renditions: %s", len(table), told(&f))
		}
	}
}

// TestUnplayedRendition: a fault on a rendition that no session played gives a warning;
// one on a rendition that was played gives none.
func TestUnplayedRendition(t *testing.T) {
	for _, played := range []int16{0, 1} {
		f := chaos.NewFault("gone", chaos.SegmentMissing)
		f.Occurrence, f.Via, f.Rendition, f.At, f.For = 1, chaos.ViaRig, "lowest", sec(30), sec(30)
		cfg := sceneConfig(f)
		cfg.Renditions = []record.Rendition{{Name: "low", Rank: 0, Index: 0}, {Name: "high", Rank: 1, Index: 1}}
		sc := newScene(t, cfg)
		v := sc.watching(0)
		v.add(20, player.Sample{Type: player.Answered, Kind: m3u8.KindSegment, Rendition: played, Status: 200, Sent: sec(19)}, &record.Meta{})
		sc.apply(0, 1, 30)
		sc.clear(0, 1, 60)
		said := strings.Join(sc.finish(End{}).Warnings, "\n")
		const hint = "no session was affected: it selects the rendition lowest, which no session played (they played high)"
		if strings.Contains(said, hint) != (played == 1) {
			t.Errorf("rendition %d was played: %s", played, said)
		}
	}
}

func TestNormalStartup(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60)))
	for range 5 {
		sc.watching(0) // starts within 1 s
	}
	sc.apply(0, 1, 30)
	sc.clear(0, 1, 60)
	v := sc.join(40, 0)
	v.request(40.5, m3u8.KindMedia, 0)
	v.append(49, 1)
	v.start(50)
	if got := sc.finish(End{}).Faults[0].OutageMs.Max; got != 9_000 {
		t.Errorf("outage %v ms; want 9000: 10 s of which 1 s is normal", got)
	}
}

// TestUnfinished: cut by the end before a first frame is in no share; 30 s of
// waiting is a failed startup.
func TestUnfinished(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 60, 99)))
	sc.apply(0, 1, 60)
	sc.watching(0)
	sc.join(69, 0).request(70, m3u8.KindMedia, 0) // waits for 31 s
	sc.join(71, 0).request(72, m3u8.KindMedia, 0) // for 29 s
	sc.join(80, 0).die(81)
	sc.join(80, 0).leave(82)
	s := sc.finish(End{}, "startup_failed < 1%", "startup_failed{joined=during} < 1%", "startup_failed{phase=fault} < 1%", "startup_failed{phase=recovery} < 1%", "affected == 1", "startup.count == 1")
	if p := s.Players; p.Started != 5 || p.Unfinished != 1 || p.StartupFailed != 2 || p.Fatal != 1 || p.Left != 1 || p.PlayingAtEnd != 1 {
		t.Errorf("players %+v", p)
	}
	if f := &s.Faults[0]; f.Affected != 1 || f.Unfinished != 1 || f.NeverRecovered != 1 {
		t.Errorf("got %s", told(f))
	}
	values(t, s, "50 %", "66.7 %", "50 %", "no data: nothing was counted for startup_failed{phase=recovery}", "1", "1")
}

// TestPhases: what adds up is put into the phase in which it happened, to the
// millisecond.
func TestPhases(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60)))
	sc.apply(0, 1, 30)
	sc.clear(0, 1, 60)
	v := sc.watching(0) // plays from 2 s
	v.stall(25)
	v.resume(35) // 5 s in the baseline, 5 s in the fault
	v.stall(58)
	v.resume(62) // 2 s in the fault, 2 s in the recovery
	w := sc.watching(2)
	w.append(99, 0)
	s := sc.finish(End{},
		"rebuffer_ratio{cohort=web,phase=baseline} < 1%", "rebuffer_ratio{cohort=web,phase=fault} < 1%", "rebuffer_ratio{cohort=web,phase=recovery,fault=kill-0} < 1%", "rebuffer_ratio{cohort=web} < 1%",
		"stalled < 1%", "stalled{phase=fault} < 1%", "stalled{phase=recovery,cohort=web} < 1%", "stalled{fault=kill-0,cohort=tv} < 1%", "stalled{profile=hlsjs} < 1%",
		"stall.max < 1s", "stall.count{phase=fault} == 1", "stall.count{phase=baseline} == 1")
	values(t, s, "25 %", "23.3 %", "10 %", "14.3 %", "50 %", "50 %", "100 %", "0 %", "100 %", "10 s", "1", "0")
}

func TestVerdict(t *testing.T) {
	const fails, holds = "fatal > 1%", "fatal == 0"
	lagging := func(sc *scene) {
		v := sc.watching(0)
		v.add(20, player.Sample{Type: player.Answered, Kind: m3u8.KindMedia, Status: 200, Due: sec(19), Sent: sec(19.2), FirstByte: sec(19.5)}, nil)
	}
	for _, tc := range []struct {
		name    string
		mode    string
		play    func(*scene)
		end     End
		expect  string
		verdict string
		code    int
	}{
		{"pass", reports.ModeRun, nil, End{}, holds, reports.Pass, 0},
		{"fail", reports.ModeRun, nil, End{}, fails, reports.Fail, 99},
		{"interrupted", reports.ModeRun, nil, End{Interrupted: "interrupted by the user"}, fails, reports.Interrupted, 105},
		{"lag", reports.ModeRun, lagging, End{Interrupted: "stop"}, fails, reports.Void, 111},
		{"lag of a simulation", reports.ModeSimulate, lagging, End{}, holds, reports.Pass, 0},
		{"dropped", reports.ModeRun, nil, End{DroppedSamples: 1}, holds, reports.Void, 111},
		{"unreachable", reports.ModeRun, lagging, End{Unreachable: "refused"}, fails, reports.Void, 112},
		{"fault", reports.ModeRun, lagging, End{Unreachable: "refused", Faults: []chaos.Outcome{{Fault: &chaos.Fault{Rule: 0, Occurrence: 1}, Tried: true, Applied: true, Undone: true, UndoVerified: true}}}, fails, reports.Void, 110},
	} {
		cfg := sceneConfig(kill("kill-0", 0, 30, 60))
		cfg.Mode = tc.mode
		sc := newScene(t, cfg)
		sc.watching(0)
		if tc.play != nil {
			tc.play(sc)
		}
		s := sc.finish(tc.end, tc.expect)
		if s.Verdict != tc.verdict || s.ExitCode != tc.code || (s.VoidReason != "") != (tc.verdict == reports.Void) || s.Reason() == "" {
			t.Errorf("%s: %s, exit code %d, void reason %q; want %s, %d", tc.name, s.Verdict, s.ExitCode, s.VoidReason, tc.verdict, tc.code)
		}
	}
}

// TestNoneAffected: a result with a warning, and shares have no data.
func TestNoneAffected(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 12, 60)))
	sc.apply(0, 1, 12)
	sc.clear(0, 1, 60)
	sc.watching(0)
	s := sc.finish(End{}, "failed_over{fault=kill-0} >= 99%")
	if s.Verdict != reports.Fail || !strings.HasPrefix(s.Expectations[0].Reason, "no data") {
		t.Errorf("%s: %s", s.Verdict, s.Expectations[0].Reason)
	}
	all := strings.Join(s.Warnings, "\n")
	for _, want := range []string{"no session was affected", "baseline of only 2 s"} {
		if !strings.Contains(all, want) {
			t.Errorf("warnings lack %q: %s", want, all)
		}
	}
}

// TestLoad: amplification, peaks and the agreement of truth and estimate.
func TestLoad(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 40, 60)))
	sc.apply(0, 1, 40)
	sc.clear(0, 1, 60)
	v, w, x := sc.watching(0), sc.watching(0), sc.watching(0)
	m := sc.c.Meter()
	ask := func(v viewer, at float64, url uint64) {
		v.request(at, m3u8.KindMedia, 0)
		v.add(at+.05, player.Sample{Type: player.Answered, Kind: m3u8.KindMedia, Status: 200, Bytes: 1000, Due: sec(at), Sent: sec(at), FirstByte: sec(at + .04)}, &record.Meta{Outcome: cdn.Outcome{Cache: cdn.CacheMiss, Pop: "0"}, URL: url})
	}
	for i := range 90 { // a request a second by each, one of them reaches the origin
		at := 5 + float64(i)
		ask(v, at, 1)
		ask(w, at+.01, 1) // the same fill: real CDNs call it a miss as well
		m.Edge(sec(at), "0", 1000)
		m.Edge(sec(at+.01), "0", 1000)
		m.Origin(sec(at), 200, 1000)
	}
	for i := range 8 { // a burst within the fault: 8 in 2 s
		at := 50 + float64(i)/4 + .1
		ask(x, at, 2)
		m.Edge(sec(at), "0", 1000)
		m.Origin(sec(at), 503, 0)
	}
	s := sc.finish(End{}, "origin_amplification{fault=kill-0} < 1", "origin_rps.max{phase=baseline} < 1", "origin_rps.mean{phase=baseline} < 1", "hit_ratio > 1%", "edge_rps.max > 1", "origin_bps.max{phase=fault} > 1kbps")
	// In any 4 s: 4 requests before; 12 around the burst.
	values(t, s, "3", "1/s", "1/s", "47.9 %", "6/s", "8 kbit/s")
	if o := s.Faults[0].Origin; o.BaselineRps != 1 || o.PeakRps != 3 {
		t.Errorf("origin %+v; want 1/s and 3/s", o)
	}
	if o := s.Origin; o.Source != "rig" || o.Requests != 98 || o.Estimated != 98 || o.ByStatus["503"] != 8 || o.ByStatus["200"] != 90 {
		t.Errorf("origin %+v; want 98 requests, and the same estimated", o)
	}
}

// TestOrderDoesNotMatter: the same sessions, fed in another order, into another
// number of shards and from many goroutines, give the same summary.
func TestOrderDoesNotMatter(t *testing.T) {
	play := func(shards int, order []int, parallel bool) string {
		cfg := sceneConfig(kill("kill-0", 0, 30, 60))
		cfg.Shards = shards
		sc := newScene(t, cfg)
		sc.apply(0, 1, 30)
		sc.clear(0, 1, 60)
		one := func(i int) {
			rng := rand.New(rand.NewPCG(5, uint64(i)))
			v := viewer{sc.c.Join(sec(1), record.SessionInfo{Player: uint64(i), Cohort: i % 3})}
			v.start(1 + rng.Float64())
			at := 3.0
			for at < 98 {
				v.request(at, m3u8.KindMedia, int8(i%2))
				v.answer(at+.2, m3u8.KindMedia, int8(i%2), 200, rng.IntN(9)/8-1)
				v.append(at+.5, int8(rng.IntN(2)))
				if rng.IntN(5) == 0 {
					v.stall(at + .6)
					v.resume(at + .7 + rng.Float64())
				}
				at += 2 + 3*rng.Float64()
			}
		}
		var wg sync.WaitGroup
		for _, i := range order {
			if parallel {
				wg.Go(func() { one(i) })
			} else {
				one(i)
			}
		}
		wg.Wait()
		var b bytes.Buffer
		if err := sc.finish(End{}).WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	order := make([]int, 60)
	for i := range order {
		order[i] = i
	}
	want := play(1, order, false)
	slices.Reverse(order)
	for name, got := range map[string]string{"reversed": play(1, order, false), "7 shards": play(7, order, false), "parallel": play(4, order, true)} {
		if got != want {
			t.Errorf("%s: %s", name, firstDifference([]byte(got), []byte(want)))
		}
	}
}

func TestStops(t *testing.T) {
	stop := func(text string) *expect.Expectation {
		e, problems := expect.Parse(text, expect.Known{Cohorts: []string{"web"}, Stop: true})
		if problems != nil {
			t.Fatalf("%s: %v", text, problems)
		}
		return e
	}
	for _, tc := range []struct {
		text string
		want float64 // the second at which it trips; 0 = never
	}{
		{"stalled_now > 40% for 8s", 18}, // half of them from 10 s on
		{"stalled_now > 60% for 8s", 0},
		{"stalled_now > 40%", 14},         // mean over 5 s
		{"error_rate > 70%", 23},          // all fail from 20 s on, one answer a second
		{"fatal >= 50%", 30},              // one of two
		{"ttfb.p50{kind=media} > 1s", 22}, // slow from 20 s on
		{"origin_rps.max > 100 for 5s", 0},
		{"edge_rps.mean > 0.9 for 3s", 4},
	} {
		cfg := sceneConfig()
		cfg.Stop = []*expect.Expectation{stop(tc.text)}
		sc := newScene(t, cfg)
		stops := NewStops(sc.c, nil)
		v, w := sc.join(0, 0), sc.join(0, 0)
		v.start(.1)
		w.start(.1)
		tripped := 0.0
		for s := 1.0; s <= 40 && tripped == 0; s++ {
			v.request(s-.9, m3u8.KindMedia, 0)
			switch {
			case s < 20:
				v.answer(s-.1, m3u8.KindMedia, 0, 200, -1)
			default:
				v.add(s-.1, player.Sample{Type: player.Answered, Kind: m3u8.KindMedia, Status: 503, Failure: player.BadStatus, Sent: sec(s - 3), FirstByte: sec(s - 1)}, nil)
			}
			if s == 10 {
				w.stall(10)
			}
			if s == 30 {
				w.die(30)
			}
			if text := stops.Check(sec(s)); text != "" {
				tripped = s
				if !strings.HasPrefix(text, tc.text+": measured ") {
					t.Errorf("%s: tripped with %q", tc.text, text)
				}
			}
		}
		if tripped != tc.want {
			t.Errorf("%s: tripped at %v; want %v", tc.text, tripped, tc.want)
		}
	}
}

func TestTimelineFolds(t *testing.T) {
	cfg := sceneConfig()
	cfg.Duration = 3 * time.Hour
	sc := newScene(t, cfg)
	v := sc.join(0, 0)
	v.start(1)
	v.append(2, 1)
	v.stall(5000)
	s := sc.finish(End{At: 3 * time.Hour})
	if s.TimelineStepS != 4 || len(s.Timeline) != 2700 {
		t.Fatalf("%d rows of %d s; want 2700 of 4 s", len(s.Timeline), s.TimelineStepS)
	}
	for _, r := range s.Timeline {
		if want := map[bool]int64{true: 1}[r.T < 5000]; r.Playing != want || r.Stalled != 1-want || r.Pipeline[1] != 1 {
			t.Fatalf("row %+v; want %d playing", r, want)
		}
	}
}

// TestTimelineShows puts startups, answers and ends of sessions into steps of their own.
func TestTimelineShows(t *testing.T) {
	sc := newScene(t, sceneConfig())
	v := sc.join(1, 0)
	v.answer(1.5, m3u8.KindMedia, 0, 200, -1)
	v.start(2.5) // after 1 s, as all do here
	v.answer(4.1, m3u8.KindMedia, 0, 200, -1)
	v.answer(4.3, m3u8.KindMedia, 0, 404, -1)
	v.add(4.5, player.Sample{Type: player.Answered, Kind: m3u8.KindMedia, Failure: player.Timeout, Sent: sec(2)}, nil)
	v.die(10)
	back := record.SessionInfo{Player: 1, Rejoin: true, Failed: true}
	viewer{sc.c.Join(sec(20), back)}.leave(30)
	back.Failed = false
	viewer{sc.c.Join(sec(40), back)}.leave(50)
	rows := sc.finish(End{}).Timeline
	near := func(v reports.Value, want float64) bool { return math.Abs(float64(v)-want) <= .125*want }
	if r := &rows[2]; !near(r.StartupP50Ms, 1000) || !near(r.StartupP95Ms, 1000) || r.TTFBP50Ms.Known() || r.ErrorShare.Known() {
		t.Errorf("a step with a startup: %+v", *r)
	}
	if r := &rows[4]; r.StartupP50Ms.Known() || !near(r.TTFBP50Ms, 50) || !near(r.TTFBP95Ms, 50) || r.ErrorShare != .666667 || r.Errors != 2 {
		t.Errorf("a step with three answers, one of which never began: %+v", *r)
	}
	for at, want := range map[int][2]int64{9: {0, 0}, 10: {1, 0}, 19: {1, 0}, 20: {0, 0}, 30: {0, 1}, 39: {0, 1}, 40: {0, 0}, 50: {0, 1}, 99: {0, 1}} {
		if r := &rows[at]; r.Gone != want[0] || r.Left != want[1] {
			t.Errorf("%d s: %d gone, %d left; want %d and %d", at, r.Gone, r.Left, want[0], want[1])
		}
	}
}

func TestEventLog(t *testing.T) {
	var b bytes.Buffer
	cfg := sceneConfig(kill("kill-0", 0, 30, 60))
	cfg.Events = record.NewEventLog(&b, 0)
	sc := newScene(t, cfg)
	sc.apply(0, 1, 30)
	v := sc.watching(0)
	v.answer(36, m3u8.KindMedia, 0, 404, 0)
	v.append(38, 1)
	v.die(50)
	sc.finish(End{})
	if err := cfg.Events.Flush(); err != nil {
		t.Fatal(err)
	}
	golden(t, "events.ndjson", b.Bytes())

	// In a run, what does not fit is dropped and counted.
	cfg.Mode, cfg.Events = reports.ModeRun, record.NewEventLog(&b, 300)
	sc = newScene(t, cfg)
	sc.watching(0)
	if s := sc.finish(End{}); s.Tester.DroppedEvents == 0 || len(s.Warnings) == 0 || s.Verdict != reports.Pass {
		t.Errorf("%d events dropped, warnings %q, verdict %s", s.Tester.DroppedEvents, s.Warnings, s.Verdict)
	}
}

func TestLive(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60)))
	sc.apply(0, 1, 30)
	v, w := sc.watching(0), sc.watching(0)
	sc.join(35, 0)
	v.answer(36, m3u8.KindMedia, 0, 404, 0)
	v.append(38, 1)
	w.stall(39)
	l := sc.c.Live()
	if l.Joining != 1 || l.Playing != 1 || l.Stalled != 1 || l.Pipeline[0] != 1 || l.Pipeline[1] != 1 || l.Errors != 1 || l.FailedOver != 1 || l.Faults[0] != (record.LiveFault{Applied: true, Cleared: false, Affected: 1, Moved: 1, FailedOver: 1, Healed: 0}) {
		t.Errorf("live %+v", l)
	}
}

func TestMisuse(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60)))
	if sc.c.FaultApplied(3, 1, 0, sc.c.Usual()) == nil || sc.c.FaultApplied(0, 2, 0, sc.c.Usual()) == nil || sc.c.FaultApplied(0, 1, 0, nil) == nil || sc.c.FaultCleared(0, 1, 0) == nil {
		t.Error("unplanned changes are accepted")
	}
	sc.apply(0, 1, 30)
	if sc.c.FaultApplied(0, 1, sec(31), sc.c.Usual()) == nil {
		t.Error("a fault is applied twice")
	}
	if _, err := record.New(record.Config{}); err == nil {
		t.Error("a channel without a target duration is accepted")
	}
	v := sc.watching(0)
	s := sc.finish(End{})
	v.append(101, 0) // late, and ignored
	if s.Players.Started != 1 {
		t.Errorf("players %+v", s.Players)
	}
}

func FuzzReadJSON(f *testing.F) {
	var b bytes.Buffer
	small := demo(f, demoExpect[:2], 1)
	small.Timeline, small.Faults, small.Requests = small.Timeline[:2], small.Faults[:1], nil
	if err := small.WriteJSON(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema":"hlsload.summary/v1","verdict":"pass","faults":[{"affected":3,"failed_over":9,"by_profile":{"x":null}}],"cohorts":{"all":null},"requests":{"media":null},"timeline":[{"pipeline":[]},{"pipeline":[1]}],"timeline_step_s":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := reports.ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		var out bytes.Buffer
		for _, write := range []func() error{
			func() error { return page.WriteHTML(s, &out) }, func() error { return page.WriteJUnit(s, &out) }, func() error { return page.WriteMarkdown(s, &out) },
			func() error { return page.WriteText(s, &out, page.TextOptions{Detail: page.Full}) }, func() error { return s.WriteJSON(&out) },
		} {
			if err := write(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// BenchmarkAdd is the cost of a sample: a session's usual ones, a fault on.
func BenchmarkAdd(b *testing.B) {
	c, err := record.New(sceneConfig(kill("kill-0", 0, 30, 1e6)))
	if err != nil {
		b.Fatal(err)
	}
	c.FaultApplied(0, 1, sec(30), c.Usual())
	s := c.Join(sec(1), record.SessionInfo{})
	s.Add(&player.Sample{At: sec(2), Type: player.Started}, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	samples := make([]player.Sample, 3<<10)
	m := record.Meta{Outcome: cdn.Outcome{Pop: "0", Cache: cdn.CacheMiss}, URL: 7}
	for i := range samples {
		lag := time.Duration(rng.ExpFloat64() * float64(20*time.Millisecond))
		samples[i] = player.Sample{Type: []player.SampleType{player.Requested, player.Answered, player.Appended}[i%3], Kind: m3u8.KindSegment,
			Status: 200, Bytes: 1 << 20, Bitrate: 4e6, MediaDuration: sec(4), Latency: sec(8) + lag, FirstByte: lag}
	}
	b.ReportAllocs()
	at := sec(40)
	for i := 0; b.Loop(); i++ {
		sm := &samples[i%len(samples)]
		at += 10 * time.Microsecond
		sm.At, sm.Due, sm.Sent, sm.FirstByte = at, at-sec(.5), at-sec(.5), at-sec(.5)+sm.FirstByte%sec(.4)
		s.Add(sm, &m)
	}
}

// BenchmarkSessions reports the memory of idle sessions while a fault is on.
func BenchmarkSessions(b *testing.B) {
	for b.Loop() {
		c, err := record.New(sceneConfig(kill("kill-0", 0, 30, 100)))
		if err != nil {
			b.Fatal(err)
		}
		const n = 10_000
		for i := range n {
			c.Join(sec(1), record.SessionInfo{Player: uint64(i), Cohort: i % 3})
		}
	}
	b.ReportAllocs()
}

func TestFormat(t *testing.T) {
	for _, tc := range []struct {
		u    reports.Unit
		v    float64
		want string
	}{
		{reports.Milliseconds, 0, "0 s"}, {reports.Milliseconds, 1.24, "1.2 ms"}, {reports.Milliseconds, 999.4, "999 ms"}, {reports.Milliseconds, 1234, "1.23 s"}, {reports.Milliseconds, 12_345, "12.3 s"}, {reports.Milliseconds, 125_000, "2 min 5 s"},
		{reports.Fraction, .9999999, ">99.99 %"}, {reports.Fraction, 1, "100 %"}, {reports.Fraction, .00001, "<0.01 %"}, {reports.Fraction, .5, "50 %"}, {reports.BitRate, 2_700_000, "2.7 Mbit/s"},
		{reports.Plain, math.NaN(), "no data"}, {reports.Plain, math.Inf(1), "never"},
	} {
		if got := tc.u.Format(reports.Value(tc.v)); got != tc.want {
			t.Errorf("%v: got %q, want %q", tc.v, got, tc.want)
		}
	}
}
