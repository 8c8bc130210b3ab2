package capacity

import (
	"math"
	"slices"
	"testing"
	"time"

	"hlsload/capacity/kernel"
	"hlsload/chaos"
)

// apart are a dead pipeline, and viewers who come again some time after it died.
func apart(by time.Duration) []chaos.Fault {
	list := faulty()[:2]
	list[0].At, list[1].At = 40*time.Second, 40*time.Second+by
	return list
}

// TestCourses: faults come each at the onset, or as far apart as in the scenario.
func TestCourses(t *testing.T) {
	p := byHand()
	p.Faults = append(apart(2*time.Minute), faulty()[2]) // the flush has no start of its own
	p.Faults[2].At = p.Faults[1].At
	if all := p.courses(); len(all) != 3 || len(all[1]) != 1 || all[1][0].after != 0 || all[1][0].name != "reconnect" || p.Last() != 0 {
		t.Errorf("each alone: %+v", all)
	}
	p.Together = true
	all := p.courses()
	if len(all) != 1 || len(all[0]) != 2 || p.Last() != 2*time.Minute {
		t.Fatalf("together: %+v; want one course with two onsets, 2m apart", all)
	}
	first, second := &all[0][0], &all[0][1]
	if first.name != "kill" || first.flushes(p) || second.name != "reconnect + flush" || second.after != 2*time.Minute || !second.flushes(p) {
		t.Errorf("onsets %+v and %+v", first, second)
	}
	p.Faults = nil
	if all := p.courses(); len(all) != 0 {
		t.Errorf("without faults: %+v", all)
	}
}

// TestNothingStaysForLong: a simulation passes over what stays as it is, and keeps what overlaps.
func TestNothingStaysForLong(t *testing.T) {
	p := byHand()
	p.Together = true
	p.Faults = []chaos.Fault{chaos.NewFault("late", chaos.EdgeFlush), chaos.NewFault("kill", chaos.PipelineKill), chaos.NewFault("again", chaos.ViewersReconnect)}
	p.Faults[0].At = 65 * time.Minute
	p.Faults[1].At, p.Faults[1].For = 5*time.Minute, 10*time.Minute
	p.Faults[2].At = 6 * time.Minute
	faults, then, end := p.faults(Sample{Players: 1000, Fault: 0})
	var at, lasts []time.Duration
	for _, f := range faults {
		at, lasts = append(at, f.At), append(lasts, f.For)
	}
	// The kill is there for a minute until viewers come again, and for 2 of the 9 minutes after that; then there
	// is nothing for 2 of 50 minutes.
	if !slices.Equal(at, []time.Duration{0, time.Minute, 5 * time.Minute}) || !slices.Equal(lasts, []time.Duration{3 * time.Minute, 0, 0}) || end != 5*time.Minute+afterward {
		t.Errorf("faults at %v for %v, until %v", at, lasts, end)
	}
	if len(then) != 2 || then[0].At != time.Minute || then[1].At != 5*time.Minute || then[0].Marks != 2 || then[1].Marks != 4 {
		t.Errorf("and then %+v", then)
	}
	if p.Last() != time.Hour {
		t.Errorf("the last one is %v after the first; want 1h", p.Last())
	}
	p.Together = false
	if faults, then, end := p.faults(Sample{Players: 1000, Fault: 1}); len(faults) != 1 || len(then) != 0 || faults[0].At != 0 || faults[0].For != longest || end != longest+afterward {
		t.Errorf("alone: %+v, %v, until %v", faults, then, end)
	}
}

// simulated is the kernel of samples with one fault each, or with all of them.
func simulated(t *testing.T, p *Plan, players int, faults ...int) *kernel.Kernel {
	t.Helper()
	var samples []Sample
	for _, fault := range faults {
		samples = append(samples, Sample{Players: players, Pops: p.Channel.Edge.Pops, Seed: 11, Fault: fault})
	}
	return kernelBy(t, p, samples)
}

// asked is what viewers ask for in a response, by class, in the mean of each target duration: within one, the
// requests of players who reload together stand in for each other.
func (m *model) asked(f *kernel.Fault, viewers float64) (out [][]kernel.Rate) {
	n := window(&m.plan.Channel) * int(time.Second/kernel.Fine)
	for t := 0; t+n <= len(f.Fresh); t += n {
		mean := make([]kernel.Rate, len(m.steady))
		kernel.Add(mean, m.steady, viewers)
		for i := range f.Cohorts {
			for _, slot := range f.Cohorts[i].Excess[t : t+n] {
				kernel.Add(mean, slot, m.plan.Cohorts[i].Share*viewers/float64(n))
			}
		}
		out = append(out, mean)
	}
	return out
}

// TestKernelsAdd: two faults that do not overlap, 2 minutes apart, ask for as much together as their
// kernels do in sum. The first one leaves viewers on the other pipeline: that is a part of its kernel, which
// goes on as it ends.
func TestKernelsAdd(t *testing.T) {
	if testing.Short() {
		t.Skip("simulations, which are tested with the race detector by themselves")
	}
	const players = 1500
	p := planOf(t, 0, apart(2*time.Minute)...)
	together := *p
	together.Together = true
	flat := p.of(Sample{Players: players, Pops: p.Channel.Edge.Pops})
	ready := func(k *kernel.Kernel) *model {
		t.Helper()
		m, err := ready(flat, k)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	k := simulated(t, &together, players, 0)
	both := ready(k)
	first, second := both.asked(&k.Faults[0], players), both.asked(&k.Faults[1], players)
	k = simulated(t, p, players, 0, 1)
	each := ready(k)
	kill, again := each.asked(&k.Faults[0], players), each.asked(&k.Faults[1], players)
	for i := range again {
		goes := kill[len(kill)-10:]
		for _, rates := range goes {
			kernel.Add(again[i], rates, 1/float64(len(goes)))
		}
		kernel.Add(again[i], each.steady, -players)
	}
	add := func(what string, m *model, together [][]kernel.Rate, in *model, sum [][]kernel.Rate) {
		t.Helper()
		total := func(m *model, asked [][]kernel.Rate) (edge, origin, edgePeak, originPeak float64) {
			for _, rates := range asked[:min(len(together), len(sum))] {
				l := m.load(rates)
				edge, origin, edgePeak, originPeak = edge+l.Edge, origin+l.Origin, max(edgePeak, l.Edge), max(originPeak, l.Origin)
			}
			return edge, origin, edgePeak, originPeak
		}
		edge, origin, edgePeak, originPeak := total(m, together)
		edgeSum, originSum, edgePeakSum, originPeakSum := total(in, sum)
		for _, c := range []struct {
			what                  string
			together, sum, within float64
		}{
			{"edge", edge, edgeSum, .03}, {"edge peak", edgePeak, edgePeakSum, .05},
			{"origin", origin, originSum, .10}, {"origin peak", originPeak, originPeakSum, .10},
		} {
			by := c.sum/c.together - 1
			t.Logf("%s: %s: %.1f together, %.1f in sum (%+.1f %%)", what, c.what, c.together, c.sum, by*100)
			if !(math.Abs(by) <= c.within) {
				t.Errorf("%s: %s: %.1f together, %.1f in sum", what, c.what, c.together, c.sum)
			}
		}
	}
	add("kill", both, first, each, kill)
	add("reconnect", both, second, each, again)
}

// TestFaultsLeaveSomethingBehind: who has failed over is hit by the fault of the other pipeline, which
// hits nothing alone. So faults that come together are simulated together.
func TestFaultsLeaveSomethingBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("simulations, which are tested with the race detector by themselves")
	}
	first, second := faulty()[0], faulty()[0]
	second.Name, second.Pipeline, second.At = "other", 1, 2*time.Minute
	p := planOf(t, 0, first, second)
	alone := simulated(t, p, 500, 1)
	p.Together = true
	both := simulated(t, p, 500, 0)
	affected := func(k *kernel.Kernel, name string) float64 {
		for _, f := range k.Faults {
			if f.Name == name {
				return f.Cohorts[0].Affected
			}
		}
		t.Fatalf("no fault %s", name)
		return 0
	}
	if a, b := affected(alone, "other"), affected(both, "other"); a > .05 || b < .95 {
		t.Errorf("the other pipeline's fault affects %.2f alone and %.2f after the first one; want none and all", a, b)
	}
	if a := affected(both, "kill"); a < .95 {
		t.Errorf("the first fault affects %.2f; want all", a)
	}
}
