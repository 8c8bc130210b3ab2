package capacity

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/capacity/kernel"
	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/m3u8"
	"hlsload/rig"
)

// made is a kernel by hand: reloads every 4 s, most viewers on the highest of two renditions.
func made(p *Plan) *kernel.Kernel {
	k := &kernel.Kernel{Classes: []kernel.Class{
		{Kind: m3u8.KindMultivariant, Rendition: -1},
		{Kind: m3u8.KindMedia, Rendition: 1}, {Kind: m3u8.KindSegment, Rendition: 1},
		{Kind: m3u8.KindMedia, Rendition: 0}, {Kind: m3u8.KindSegment, Rendition: 0},
		{Kind: m3u8.KindMedia, Rendition: 1, Status: kernel.Missing},
	}}
	rates := func(r ...float64) (out []kernel.Rate) {
		for _, n := range r {
			out = append(out, kernel.Rate{Requests: n, Bytes: n * 1e5})
		}
		return out
	}
	none := rates(0, 0, 0, 0, 0, 0)
	f := kernel.Fault{Name: "kill", Viewers: 10_000}
	for i := range p.Cohorts {
		k.Cohorts = append(k.Cohorts, kernel.Cohort{Name: p.Cohorts[i].Name, Steady: rates(0, .24, .24, .01, .01, 0),
			Join: [][]kernel.Rate{rates(1, .2, .5, .8, 1.5, 0), rates(0, 0, .2, 0, .1, 0), none}})
		r := kernel.Response{Affected: 1}
		for _, slot := range [][]kernel.Rate{rates(0, -.1, -.1, 0, 0, .5), rates(0, .3, .4, 0, 0, 0), none} {
			r.Excess = append(r.Excess, slices.Repeat([][]kernel.Rate{slot}, int(time.Second/kernel.Fine))...)
		}
		f.Cohorts = append(f.Cohorts, r)
		f.Fresh = make([][]float64, len(r.Excess))
		f.Herd = slices.Repeat([][]float64{slices.Repeat([]float64{1}, len(k.Classes))}, len(r.Excess))
		f.Rush = make([]kernel.Rush, len(k.Classes))
	}
	k.Faults = []kernel.Fault{f}
	return k
}

// byHand is an event without simulations.
func byHand() *Plan {
	kill := chaos.NewFault("kill", chaos.PipelineKill)
	return &Plan{Channel: rig.Default(), Faults: []chaos.Fault{kill}, Seed: 7, Session: 40 * time.Minute,
		Curve:   []Point{{0, 0}, {10 * time.Minute, 1e6}, {20 * time.Minute, 1e6}},
		Regions: []Region{{Name: "eu", Share: .7, Pops: 60, Rank: .7}, {Name: "in", Share: .3, Pops: 20}},
		Cohorts: []audience.Cohort{{Name: "web", Share: 1}}, Profiles: []*player.Profile{nil}}
}

func forecast(t testing.TB, p *Plan) *Forecast {
	t.Helper()
	f, err := Predict(p, made(p))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestEvent goes through what a million viewers ask for, by hand.
func TestEvent(t *testing.T) {
	f := forecast(t, byHand())
	if len(f.Minutes) != 20 {
		t.Fatalf("%d minutes; want 20", len(f.Minutes))
	}
	last := f.Minutes[19]
	joins := 1e6 / 2400. // of sessions that take the place of others
	near := func(what string, got, want, within float64) {
		t.Helper()
		if !(math.Abs(got/want-1) <= within) {
			t.Errorf("%s: %g; want %g", what, got, want)
		}
	}
	near("viewers", last.Viewers, 1e6, 1e-9)
	near("edge", last.Edge, 1e6*.5+joins*4.3, .001)
	near("bits", last.Bits, 8e5*last.Edge, .001)
	near("india", last.Regions[1].Edge, .3*last.Edge, 1e-9)
	// Two renditions and the multivariant playlist, each refreshed about once a second and each with a segment in 4 s.
	near("origin", last.Origin, 3/1.015+2/4., .02)
	near("hit ratio", last.HitRatio(), 1, 1e-5)
	if f.Busiest != 10 {
		t.Errorf("the busiest minute is %d; want 10, in which all are there and the last ones join", f.Busiest)
	}
	w := f.Worst[0]
	near("edge peak", w.Edge, w.Before.Edge+w.Viewers/3, .01)
	if w.Affected != 1 || w.Origin <= w.Before.Origin {
		t.Errorf("the fault affects %g, the origin has %g and %g before", w.Affected, w.Origin, w.Before.Origin)
	}
}

// TestLayers: each layer of caches is asked for less than the one below it, and more regional caches
// or nodes cost the origin nothing behind a shield.
func TestLayers(t *testing.T) {
	plain := forecast(t, byHand()).Minutes[15]
	p := byHand()
	for i := range p.Regions {
		p.Regions[i].Nodes, p.Regions[i].Regional = 2, 13
	}
	m := forecast(t, p).Minutes[15]
	if len(plain.Layers) != 3 || len(m.Layers) != 4 {
		t.Fatalf("layers %v, and %v with regional caches; want POPs, shield and origin, and one more", plain.Layers, m.Layers)
	}
	for i := range m.Layers[1:] {
		if m.Layers[i+1] > m.Layers[i]/2 {
			t.Errorf("layers %v; want each below half of the one before", m.Layers)
		}
	}
	if m.Layers[1] < 1.8*plain.Layers[1] || math.Abs(m.Origin/plain.Origin-1) > 1e-9 {
		t.Errorf("with two nodes a POP layers %v, and %v with one; want nearly twice as many from the POPs, and as many at the origin", m.Layers, plain.Layers)
	}
	// Two shields fetch twice.
	p.Shields = 2
	if two := forecast(t, p).Minutes[15]; math.Abs(two.Origin/m.Origin-2) > .1 {
		t.Errorf("the origin of two shields is asked %.2f times a second, of one %.2f times; want twice", two.Origin, m.Origin)
	}
	// Weights of POPs by hand are those by rank.
	ranked, listed := byHand(), byHand()
	listed.Regions[0].Weights = nil
	for _, g := range listed.Regions[0].layer() {
		listed.Regions[0].Weights = append(listed.Regions[0].Weights, g.Share/listed.Regions[0].Share)
	}
	if a, b := forecast(t, ranked).Minutes[15], forecast(t, listed).Minutes[15]; math.Abs(a.Layers[1]/b.Layers[1]-1) > 1e-9 {
		t.Errorf("POPs by rank ask %g times a second, with the same weights listed %g times", a.Layers[1], b.Layers[1])
	}
}

// TestMistakes: what is configured wrongly costs the origin thousands of requests a second.
func TestMistakes(t *testing.T) {
	right := forecast(t, byHand())
	for _, tc := range []struct {
		name string
		set  func(*Plan)
		of   func(*Forecast) float64
		more float64
	}{
		{"TTL 0", func(p *Plan) { p.Channel.Edge.PlaylistTTL = 0 }, func(f *Forecast) float64 { return f.Minutes[15].Origin }, 200_000},
		{"no collapsing", func(p *Plan) { p.Channel.Edge.Collapse = false }, func(f *Forecast) float64 { return f.Minutes[15].Origin }, 2_000},
		{"no shield", func(p *Plan) { p.Channel.Edge.Shield = false }, func(f *Forecast) float64 { return f.Minutes[15].Origin }, 150},
		{"a key of each viewer", func(p *Plan) { p.PerViewer = true }, func(f *Forecast) float64 { return f.Minutes[15].Origin }, 490_000},
		{"403 uncached", func(p *Plan) { p.Channel.Origin.Missing, p.Channel.Edge.Shield = 403, false }, func(f *Forecast) float64 { return f.Worst[0].Origin }, 500},
	} {
		p := byHand()
		tc.set(p)
		if got, was := tc.of(forecast(t, p)), tc.of(right); !(got > tc.more && was < 20) {
			t.Errorf("%s: %.0f requests a second at the origin, %.1f without; want more than %.0f, and few", tc.name, got, was, tc.more)
		}
	}
}

// TestOnset: faults come where the plan says.
func TestOnset(t *testing.T) {
	p := byHand()
	at := 5 * time.Minute
	p.Onset = &at
	if w := forecast(t, p).Worst[0]; w.At != at || math.Abs(w.Viewers/5e5-1) > 1e-9 {
		t.Errorf("%s at %v with %.0f viewers; want 5m0s and half of them", w.Fault, w.At, w.Viewers)
	}
}

// TestMoreIsMore: the origin and the edge are asked for more with more viewers, the origin with
// shorter TTLs and more POPs.
func TestMoreIsMore(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		p := byHand()
		p.Channel.Edge.Shield, p.Channel.Edge.Collapse = rng.IntN(2) == 0, rng.IntN(2) == 0
		p.Channel.Edge.PlaylistTTL = time.Duration(rng.IntN(4000)) * time.Millisecond
		p.Curve[1].Viewers = math.Exp(rng.Float64() * 15)
		p.Curve[2].Viewers = p.Curve[1].Viewers
		p.Regions[0].Rank = 0
		less := forecast(t, p)
		check := func(what string, more *Forecast, edge bool) {
			for i := range less.Minutes {
				a, b := &less.Minutes[i], &more.Minutes[i]
				if b.Origin < a.Origin*(1-1e-9) || edge && b.Edge < a.Edge*(1-1e-9) {
					t.Errorf("%s: minute %d: edge from %g to %g, origin from %g to %g", what, i, a.Edge, b.Edge, a.Origin, b.Origin)
					return
				}
			}
			if a, b := &less.Worst[0], &more.Worst[0]; b.Origin < a.Origin*(1-1e-3) {
				t.Errorf("%s: peak at the origin from %g to %g", what, a.Origin, b.Origin)
			}
		}
		more := *p
		more.Curve = slices.Clone(p.Curve)
		for i := range more.Curve {
			more.Curve[i].Viewers *= 2
		}
		check("more viewers", forecast(t, &more), true)
		more = *p
		more.Channel.Edge.PlaylistTTL /= 2
		check("shorter TTL", forecast(t, &more), false)
		more = *p
		more.Regions = slices.Clone(p.Regions)
		for i := range more.Regions {
			more.Regions[i].Pops *= 3
		}
		if p.Channel.Edge.Collapse || !p.Channel.Edge.Shield { // what is not collapsed overlaps less then
			check("more POPs", forecast(t, &more), false)
		}
	}
}

// TestAbsurd: each absurd plan gets an answer that says what is wrong.
func TestAbsurd(t *testing.T) {
	for _, tc := range []struct {
		set  func(*Plan)
		want string
	}{
		{func(p *Plan) { p.Curve = nil }, "curve: 0 points"},
		{func(p *Plan) { p.Curve[1].Viewers, p.Curve[2].Viewers = 0, 0 }, "no viewers"},
		{func(p *Plan) { p.Curve[1].Viewers = 2e9 }, "2e+09 viewers"},
		{func(p *Plan) { p.Curve[1].Viewers = math.NaN() }, "NaN viewers"},
		{func(p *Plan) { p.Curve[1].Viewers = -1 }, "-1 viewers"},
		{func(p *Plan) { p.Curve[2].At = time.Minute }, "in order of time"},
		{func(p *Plan) { p.Curve[2].At = 1e6 * time.Hour }, "long (want at most"},
		{func(p *Plan) { p.Session = -1 }, "session"},
		{func(p *Plan) { p.Regions = nil }, "regions: 0"},
		{func(p *Plan) { p.Regions[0].Share = .5 }, "add up to 0.8"},
		{func(p *Plan) { p.Regions[0].Pops = 0 }, "0 POPs"},
		{func(p *Plan) { p.Regions[0].Nodes = -1 }, "-1 nodes"},
		{func(p *Plan) { p.Regions[0].Regional = 3 }, "in all regions, or in none"},
		{func(p *Plan) { p.Regions[0].Weights = []float64{1} }, "1 shares that add up to 1"},
		{func(p *Plan) { p.Cohorts = nil }, "cohorts: 0"},
		{func(p *Plan) { p.Cohorts[0].Share = .5 }, "share"},
		{func(p *Plan) { p.Channel.Segment = 0 }, "segment"},
		{func(p *Plan) { p.Shields = -1 }, "shield"},
		{func(p *Plan) { at := time.Hour; p.Onset = &at }, "faults: at 1h0m0s (want 0s to 20m0s"},
		{func(p *Plan) { p.Cohorts[0].Name = "other" }, "cohort \"web\" for cohort \"other\""},
		{func(p *Plan) { p.Faults[0].Name = "other" }, "fault other was not simulated"},
	} {
		p := byHand()
		k := made(p)
		tc.set(p)
		if _, err := Predict(p, k); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v; want an error with %q", err, tc.want)
		}
	}
}

// FuzzPredict: whatever the event, there is an error or a forecast of finite numbers.
func FuzzPredict(f *testing.F) {
	f.Add(1e6, int64(time.Hour), .7, 60, 2, 13, .7, int64(time.Second), int64(time.Second), true, true)
	f.Add(1e9, int64(time.Minute), 1., 1, 0, 0, 0., int64(0), int64(0), false, false)
	f.Add(1e-9, int64(1), 0., 10_000, 1000, 1000, 10., int64(time.Hour), int64(time.Hour), true, false)
	f.Add(math.Inf(1), int64(-1), math.NaN(), -1, -1, -1, math.NaN(), int64(-1), int64(-1), false, true)
	f.Fuzz(func(t *testing.T, viewers float64, at int64, share float64, pops, nodes, regional int, rank float64, ttl, session int64, shield, collapse bool) {
		p := byHand()
		p.Curve = []Point{{0, 0}, {time.Duration(at), viewers}, {time.Hour, viewers / 2}}
		p.Regions = []Region{{Name: "a", Share: share, Pops: min(pops, 500), Nodes: nodes, Regional: regional, Rank: rank}, {Name: "b", Share: 1 - share, Pops: 3, Regional: regional}}
		p.Session = time.Duration(session)
		p.Channel.Edge.PlaylistTTL, p.Channel.Edge.Shield, p.Channel.Edge.Collapse = time.Duration(ttl), shield, collapse
		got, err := Predict(p, made(p))
		if err != nil {
			return
		}
		for _, m := range got.Minutes {
			for _, n := range []float64{m.Viewers, m.Edge, m.Bits, m.Origin} {
				if !(n >= 0) || math.IsInf(n, 0) {
					t.Fatalf("minute at %v: %+v", m.At, m)
				}
			}
			if m.Origin > m.Edge*(1+1e-9) {
				t.Fatalf("minute at %v: the origin is asked for %g, the edge for %g", m.At, m.Origin, m.Edge)
			}
		}
	})
}
