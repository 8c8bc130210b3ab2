package sim_test

import (
	"math"
	"testing"

	"hlsload/rig"
)

// TestTheCurveIsFollowed: at any time as many viewers watch as the curve has, give or take
// one, although others come and go.
func TestTheCurveIsFollowed(t *testing.T) {
	const text = `
duration: 150s
target: {rig: {ladder: mini, segment: 2s}}
fleet:
  arrive: {curve: [{at: 0s, players: 10}, {at: 40s, players: 120}, {at: 70s, players: 120}, {at: 110s, players: 20}]}
  session: {mean: 30s}
  body: none
`
	points := [][2]float64{{0, 10}, {40, 120}, {70, 120}, {110, 20}, {150, 20}}
	at := func(s float64) float64 {
		for i, p := range points[1:] {
			if from := points[i]; s < p[0] {
				return from[1] + (p[1]-from[1])*(s-from[0])/(p[0]-from[0])
			}
		}
		return 20
	}
	n, sessions := 0, 0
	last := 0.
	for _, e := range recorded(t, scenario(t, text)).events {
		if e.Event != "join" && e.Event != "leave" {
			continue
		}
		now := e.T / 1000
		if want := at(now); now-last > 1e-3 && now < 149.9 && math.Abs(float64(n)-want) > 1.05 {
			t.Fatalf("at %.3f s there are %d viewers; want %.1f", now, n, want)
		}
		last = now
		if e.Event == "join" {
			n++
			sessions++
		} else {
			n--
		}
	}
	if sessions < 300 {
		t.Errorf("%d sessions; want viewers that come and go", sessions)
	}
}

// TestRegionsHavePops: the viewers of a region are at its POPs, with its link.
func TestRegionsHavePops(t *testing.T) {
	const text = `
duration: 60s
target: {rig: {ladder: hd-720p, segment: 2s}}
fleet:
  players: 400
  arrive: {over: 2s}
  regions:
    - {name: eu, share: 75%, pops: 3, network: unlimited}
    - {name: in, share: 25%, pops: 1, network: {down: 1Mbps, rtt: 100ms}}
`
	o := simulated(t, scenario(t, text))
	all, in := float64(o.sum.Edge.Requests), float64(o.sum.Edge.ByPop[rig.PopName(3, false)])
	if len(o.sum.Edge.ByPop) != 4 || in/all < .15 || in/all > .30 {
		t.Errorf("requests by POP %v of %.0f; want about a quarter at the last of 4", o.sum.Edge.ByPop, all)
	}
	bits := func(pop int) float64 { return float64(8*o.Stats.Edges[pop].Bytes) / 60 / 100 } // of a viewer, with three POPs for 300 and one for 100
	if slow, fast := bits(3), bits(0); slow > 1.1e6 || fast < 1.5*slow {
		t.Errorf("%.0f bit/s at the POP of 1 Mbit/s, %.0f bit/s at the others", slow, fast)
	}
}
