package measure

import (
	"testing"

	"hlsload/player/m3u8"
	"hlsload/reports"
)

// TestEdge: 2 requests a second before a kill at 30 s, 12 in the busiest second, 4 s
// after it, of which 10 fail. A control cohort does not count.
func TestEdge(t *testing.T) {
	for _, rig := range []bool{false, true} {
		sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60)))
		v, control := sc.watching(0), sc.watching(1)
		request := func(v viewer, at float64, status int16) {
			v.request(at, m3u8.KindMedia, 0)
			v.answer(at, m3u8.KindMedia, 0, status, -1)
			if rig && v != control {
				sc.c.Meter().Edge(sec(at), "A", 100)
			}
		}
		for i := range 100 {
			if i == 60 {
				sc.apply(0, 1, 30)
			}
			if i == 68 {
				for range 10 {
					request(v, 34.05, 404)
					request(control, 34.06, 404)
				}
			}
			request(v, float64(i)/2+.1, 200)
			request(control, float64(i)/2+.1, 404)
		}
		sc.clear(0, 1, 60)
		s := sc.finish(End{At: sec(100), Faults: undone(0)}, "edge_amplification{fault=kill-0} == 6", "error_rps.max{fault=kill-0,phase=fault} == 10", "error_rps.max{phase=baseline} == 0", "edge_rps.max == 12")
		if rig {
			if n := s.Edge.Requests; n != 110 {
				t.Errorf("the rig counted %d requests; want 110", n)
			}
		}
		for _, e := range s.Expectations {
			if !e.Pass && e.Expr != "viewers_served" {
				t.Errorf("counted by the rig: %v: %s: %s", rig, e.Expr, e.Reason)
			}
		}
		if want := (reports.FaultEdge{BaselineRps: 2, PeakRps: 12, PeakAfterS: 4, FailedRps: 10, Amplification: 6}); s.Faults[0].Edge != want {
			t.Errorf("counted by the rig: %v: edge %+v; want %+v", rig, s.Faults[0].Edge, want)
		}
	}
}

// TestEdgeUnknown: without a request there is nothing to compare.
func TestEdgeUnknown(t *testing.T) {
	sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60)))
	f := sc.finish(End{At: sec(20)}).Faults[0]
	for name, v := range map[string]reports.Value{"baseline": f.Edge.BaselineRps, "peak": f.Edge.PeakRps, "failed": f.Edge.FailedRps, "amplification": f.Edge.Amplification} {
		if v.Known() {
			t.Errorf("%s of a fault that was never applied: %v; want no data", name, v)
		}
	}
}
