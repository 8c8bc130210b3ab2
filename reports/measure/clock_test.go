package measure

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
)

// step is what one viewer does at an instant.
type step struct {
	at float64
	do func(at float64)
}

// play does the steps of all viewers in the order of time.
func play(steps []step) {
	slices.SortStableFunc(steps, func(a, b step) int { return int(1e6*a.at) - int(1e6*b.at) })
	for _, s := range steps {
		s.do(s.at)
	}
}

// TestChurnDoesNotMoveTheFailover: sessions that join during a fault leave the figures
// of earlier sessions as they are. Failover and outage of a late session last at most
// as long as the session.
func TestChurnDoesNotMoveTheFailover(t *testing.T) {
	alone := churned(t, 0, 0)
	if d := &alone.AtOnset.FailoverMs; d.Count != 40 || d.P50 == d.P95 {
		t.Fatalf("%d failovers, p50 %v, p95 %v; want 40 that differ", d.Count, d.P50, d.P95)
	}
	for seed := range uint64(20) {
		f := churned(t, 60, seed)
		if *f.AtOnset != *alone.AtOnset {
			t.Errorf("seed %d: at onset %+v; without churn %+v", seed, *f.AtOnset, *alone.AtOnset)
		}
		if f.WatchingAtOnset != 50 || f.JoinedDuring == 0 {
			t.Errorf("seed %d: %d were watching at onset and %d affected joined later; want 50 and some", seed, f.WatchingAtOnset, f.JoinedDuring)
		}
	}
}

// churned is a kill of pipeline 0 from 30 s to 60 s with 50 viewers, of which 40 are
// affected, and with others that join at random while it is on.
func churned(t *testing.T, late int, seed uint64) *reports.FaultSummary {
	cfg := sceneConfig(kill("kill-0", 0, 30, 60))
	sc := newScene(t, cfg)
	steps := []step{{30, func(float64) { sc.apply(0, 1, 30) }}, {60, func(float64) { sc.clear(0, 1, 60) }}}
	for i := range 50 {
		v := sc.watching(0)
		if i < 40 {
			met := 31 + float64(i)/10
			steps = append(steps,
				step{met, func(at float64) { v.answer(at, m3u8.KindMedia, 0, 404, 0) }},
				step{met + 1, func(at float64) { v.decide(at, player.Failover, 0) }},
				step{met + 2 + float64(i%7), func(at float64) { v.append(at, 1) }})
		}
	}
	r := rand.New(rand.NewPCG(seed, 1))
	longest := 0.0
	for range late {
		join := 30 + 29*r.Float64()
		meets, moves := join+r.Float64(), join+1+10*r.Float64()
		ends := moves + 20*r.Float64()
		leaves, marked := r.IntN(3) == 0, r.IntN(2) == 0
		longest = max(longest, ends-join)
		var v viewer
		steps = append(steps, step{join, func(at float64) { v = sc.join(at, 0) }})
		if marked { // it is known by its answer only
			steps = append(steps, step{meets + .1, func(at float64) { v.answer(at, m3u8.KindMultivariant, -1, 404, 0) }})
		} else {
			steps = append(steps, step{meets, func(at float64) { v.request(at, m3u8.KindMedia, 0) }})
		}
		if leaves {
			steps = append(steps, step{meets + .5, func(at float64) { v.leave(at) }})
			continue
		}
		steps = append(steps, step{moves, func(at float64) { v.append(at, 1); v.start(at) }}, step{ends, func(at float64) { v.leave(at) }})
	}
	play(steps)
	s := sc.finish(End{At: sec(100), Faults: undone(0)}, "failover.max{fault=kill-0,joined=during} < 1h", "outage.max{fault=kill-0,joined=during} < 1h")
	if late > 0 {
		for _, e := range s.Expectations[:2] {
			if !(float64(e.Value) <= 1000*longest) {
				t.Errorf("seed %d: %s measured %v; the longest session took %v s", seed, e.Expr, e.Value, longest)
			}
		}
	}
	return &s.Faults[0]
}

// TestSharesLeaveOutThoseThatLeft: of three affected sessions one fails over, one
// waits and one leaves.
func TestSharesLeaveOutThoseThatLeft(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60)))
	over, waits, left := sc.watching(0), sc.watching(0), sc.watching(0)
	sc.watching(1) // control
	sc.watching(2)
	sc.apply(0, 1, 30)
	for _, v := range []viewer{over, waits, left} {
		v.answer(36, m3u8.KindMedia, 0, 404, 0)
	}
	over.append(38, 1)
	left.leave(40)
	sc.clear(0, 1, 60)
	waits.append(62, 0)
	s := sc.finish(End{At: sec(100), Faults: undone(0)},
		"failed_over{fault=kill-0} == 50%", "healed{fault=kill-0} == 50%", "recovered{fault=kill-0} == 100%", "never_recovered{fault=kill-0} == 0%", "left{fault=kill-0} < 34%", "left{fault=kill-0} > 33%")
	for _, e := range s.Expectations {
		if !e.Pass {
			t.Errorf("%s: %s", e.Expr, e.Reason)
		}
	}
	if f := &s.Faults[0]; f.WatchingAtOnset != 4 || f.Affected != 3 || f.Stayed() != 2 {
		t.Errorf("watching %d, affected %d, stayed %d; want 4 (without control), 3, 2", f.WatchingAtOnset, f.Affected, f.Stayed())
	}
}

// TestClockOfLateJoiners: detection, failover and outage of a session that joined
// during the fault count from its first request that met it, whatever showed that.
func TestClockOfLateJoiners(t *testing.T) {
	for _, tc := range []struct {
		name string
		meet func(v viewer)
		want string
	}{
		{"by what it asks for", func(v viewer) { v.request(42, m3u8.KindMedia, 0) }, "detect 1 s failover 3 s outage 3 s"},
		{"by an answer", func(v viewer) { v.answer(42.1, m3u8.KindMultivariant, -1, 404, 0) }, "detect 1 s failover 3 s outage 3 s"},
	} {
		sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60)))
		sc.watching(0) // starts within a second: the usual time
		sc.apply(0, 1, 30)
		v := sc.join(40, 0)
		tc.meet(v)
		v.decide(43, player.Failover, 0)
		v.start(44)
		v.stall(44)
		v.append(45, 1)
		v.resume(45)
		sc.clear(0, 1, 60)
		f := sc.finish(End{At: sec(100), Faults: undone(0)}).Faults[0]
		words := func(d *reports.Dist) string { return reports.Milliseconds.Format(d.Max) }
		if got := fmt.Sprintf("detect %s failover %s outage %s", words(&f.DetectionMs), words(&f.FailoverMs), words(&f.OutageMs)); got != tc.want {
			t.Errorf("%s: %s; want %s", tc.name, got, tc.want)
		}
		if d := f.Headline(); d.FailoverMs.Count != 1 {
			t.Errorf("%s: %d sessions in the headline; want the one that is affected", tc.name, d.FailoverMs.Count)
		}
	}
}
