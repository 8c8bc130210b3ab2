package cache

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// node is a cache of the naive twin: it is asked request by request.
type node struct {
	up    *node // nil = the origin
	layer int
	ready float64 // when the last fetch is there
	until float64 // its answer is fresh until then
}

// twin is caches that are simulated.
type twin struct {
	path   Path
	rule   Rule
	edges  []*node
	shares []float64 // cumulated, by edge
	counts Flow
}

func newTwin(p Path, r Rule) *twin {
	t := &twin{path: p, rule: r, counts: p.NewFlow()}
	var above []*node
	for i := len(p.Layers) - 1; i >= 0; i-- {
		var nodes []*node
		for _, g := range p.Layers[i] {
			for range g.Nodes {
				n := &node{layer: i, ready: -1, until: -1}
				if above != nil {
					n.up = above[len(nodes)%len(above)]
				}
				nodes = append(nodes, n)
			}
		}
		above = nodes
	}
	sum := 0.0
	for _, g := range p.Layers[0] {
		for range g.Nodes {
			sum += g.Share / float64(g.Nodes)
			t.shares = append(t.shares, sum)
		}
	}
	t.edges = above
	return t
}

// edge is one that a viewer is behind.
func (t *twin) edge(u float64) *node {
	i, _ := slices.BinarySearch(t.shares, u)
	return t.edges[min(i, len(t.edges)-1)]
}

func (t *twin) ask(n *node, now float64) (wait, until float64) {
	t.counts[n.layer]++
	join := t.path.Collapse && t.rule.Collapse
	switch {
	case now >= n.ready && now < n.until:
		return 0, n.until
	case now < n.ready && join:
		return n.ready - now, n.until
	}
	if n.up == nil {
		t.counts[len(t.counts)-1]++
		wait = t.path.Origin.Seconds()
		until = now + wait
		if t.rule.Keep {
			until += t.rule.TTL.Seconds()
		}
	} else {
		wait, until = t.ask(n.up, now)
		wait += t.path.Hop.Seconds()
	}
	if now >= n.ready {
		n.ready, n.until = now+wait, until
	}
	return wait, until
}

// requests are those of viewers within a time, in order.
type request struct {
	at   float64
	edge *node
}

func (t *twin) requests(rng *rand.Rand, d Demand, length float64) (all []request) {
	if d.Every <= 0 {
		for at := rng.ExpFloat64() / d.Rate; at < length; at += rng.ExpFloat64() / d.Rate {
			all = append(all, request{at, t.edge(rng.Float64())})
		}
		return all
	}
	for range int(math.Round(d.Rate * d.Every)) {
		n := t.edge(rng.Float64())
		for at := rng.Float64() * d.Every; at < length; at += d.Every {
			all = append(all, request{at, n})
		}
	}
	slices.SortFunc(all, func(a, b request) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	return all
}

// simulated is what a demand comes to in the twin, in the mean over many audiences.
func simulated(p Path, r Rule, d Demand) Flow {
	const length, audiences = 200, 20
	sum := p.NewFlow()
	for seed := range uint64(audiences) {
		t := newTwin(p, r)
		for _, q := range t.requests(rand.New(rand.NewPCG(7, seed)), d, length) {
			t.ask(q.edge, q.at)
		}
		for i, n := range t.counts {
			sum[i] += n / length / audiences
		}
	}
	return sum
}

const ms = time.Millisecond

var kept = Rule{TTL: time.Second, Keep: true, Collapse: true}

// TestRefreshesAreThoseOfTheTwin compares the formulas with caches that are asked one request
// after the other.
func TestRefreshesAreThoseOfTheTwin(t *testing.T) {
	edge := func(collapse bool, layers ...Layer) Path {
		return Path{Layers: layers, Collapse: collapse, Hop: 5 * ms, Origin: 15 * ms}
	}
	slow := edge(false, Even(4), Even(1))
	slow.Origin = 200 * ms
	for _, tc := range []struct {
		name   string
		path   Path
		rule   Rule
		demand Demand
		within float64
	}{
		{"one cache, few come by chance", edge(true, Even(1)), kept, Demand{Rate: 0.5}, .03},
		{"one cache, many", edge(true, Even(1)), kept, Demand{Rate: 50}, .03},
		{"eight caches, some", edge(true, Even(8)), kept, Demand{Rate: 8}, .03},
		{"like clocks, one each", edge(true, Even(8)), kept, Demand{Rate: 2, Every: 4}, .05},
		{"like clocks, a few each", edge(true, Even(8)), kept, Demand{Rate: 10, Every: 4}, .05},
		{"like clocks, many", edge(true, Even(8)), kept, Demand{Rate: 200, Every: 4}, .05},
		{"a TTL above the time between reloads", edge(true, Even(8)), Rule{TTL: 5 * time.Second, Keep: true, Collapse: true}, Demand{Rate: 10, Every: 4}, .05},
		{"a shield", edge(true, Even(8), Even(1)), kept, Demand{Rate: 20}, .03},
		{"a shield, like clocks", edge(true, Even(8), Even(1)), kept, Demand{Rate: 10, Every: 4}, .06},
		{"a shield, three in all", edge(true, Even(8), Even(1)), kept, Demand{Rate: .75, Every: 4}, .12},
		{"POPs by rank", edge(true, Ranked(20, 1, .7), Even(1)), kept, Demand{Rate: 20}, .03},
		{"regional caches and a shield", edge(true, Even(24), Even(4), Even(1)), kept, Demand{Rate: 20}, .03},
		{"regional caches alone", edge(true, Even(24), Even(4)), kept, Demand{Rate: 20}, .05},
		{"two shields", edge(true, Even(8), Even(2)), kept, Demand{Rate: 20}, .05},
		{"no collapsing", edge(false, Even(8)), kept, Demand{Rate: 400}, .03},
		{"no collapsing, a shield", edge(false, Even(8), Even(1)), kept, Demand{Rate: 400}, .08},
		{"no collapsing, a slow origin", slow, kept, Demand{Rate: 50}, .10},
		{"nothing is kept", edge(true, Even(8)), Rule{Collapse: true}, Demand{Rate: 400}, .03},
		{"nothing is kept, a shield", edge(true, Even(8), Even(1)), Rule{Collapse: true}, Demand{Rate: 400}, .15},
		{"nothing is kept or shared", edge(true, Even(8), Even(1)), Rule{}, Demand{Rate: 50}, .03},
	} {
		if err := tc.path.Check(); err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got, want := tc.path.Refreshes(tc.demand, tc.rule), simulated(tc.path, tc.rule, tc.demand)
		for i := range want {
			if off := got[i]/want[i] - 1; !(math.Abs(off) <= tc.within) {
				t.Errorf("%s: layer %d is asked %.3f times a second, and %.3f times in the twin (%+.1f %%; want within %.0f %%)", tc.name, i, got[i], want[i], off*100, tc.within*100)
			}
		}
	}
}

// TestFillsAreThoseOfTheTwin compares the fetches of one segment.
func TestFillsAreThoseOfTheTwin(t *testing.T) {
	day := Rule{TTL: 24 * time.Hour, Keep: true, Collapse: true}
	const every, lasts = 4.0, 4.0
	for _, tc := range []struct {
		name    string
		path    Path
		rule    Rule
		viewers float64
	}{
		{"few", Path{Layers: []Layer{Even(8)}, Collapse: true, Origin: 15 * ms}, day, 6},
		{"many", Path{Layers: []Layer{Even(8)}, Collapse: true, Origin: 15 * ms}, day, 800},
		{"a shield", Path{Layers: []Layer{Even(8), Even(1)}, Collapse: true, Hop: 5 * ms, Origin: 15 * ms}, day, 6},
		{"three layers", Path{Layers: []Layer{Ranked(40, 1, .7), Even(6), Even(1)}, Collapse: true, Hop: 5 * ms, Origin: 15 * ms}, day, 60},
		{"no collapsing", Path{Layers: []Layer{Even(8)}, Origin: 50 * ms}, day, 800},
		{"no collapsing, a shield", Path{Layers: []Layer{Even(8), Even(1)}, Hop: 5 * ms, Origin: 50 * ms}, day, 800},
		{"a short TTL", Path{Layers: []Layer{Even(4), Even(1)}, Collapse: true, Hop: 5 * ms, Origin: 15 * ms}, kept, 400},
	} {
		const objects = 400
		want := tc.path.NewFlow()
		rng := rand.New(rand.NewPCG(7, 9))
		for range objects {
			twin := newTwin(tc.path, tc.rule)
			var all []request
			for range poisson(rng, tc.viewers) {
				all = append(all, request{rng.Float64() * lasts, twin.edge(rng.Float64())})
			}
			slices.SortFunc(all, func(a, b request) int { return int(math.Copysign(1, a.at-b.at)) })
			for _, q := range all {
				twin.ask(q.edge, q.at)
			}
			for i, n := range twin.counts {
				want[i] += n / objects / every
			}
		}
		got := tc.path.Fills(Demand{Rate: tc.viewers / every}, Series{Every: every, Lasts: lasts}, tc.rule)
		for i := range want {
			if off := got[i]/want[i] - 1; !(math.Abs(off) <= .06) {
				t.Errorf("%s: layer %d is asked %.3f times a second, and %.3f times in the twin (%+.1f %%)", tc.name, i, got[i], want[i], off*100)
			}
		}
	}
}

func poisson(rng *rand.Rand, mean float64) (n int) {
	for at := rng.ExpFloat64(); at < mean; at += rng.ExpFloat64() {
		n++
	}
	return n
}

// TestMore: with more viewers, shorter TTLs and more caches the origin is never asked less.
func TestMore(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		p := Path{Collapse: rng.IntN(2) == 0, Hop: time.Duration(rng.IntN(20)) * ms, Origin: time.Duration(rng.IntN(300)) * ms}
		nodes := 1 + rng.IntN(50)
		p.Layers = []Layer{Even(nodes)}
		if rng.IntN(2) == 0 {
			p.Layers = append(p.Layers, Even(1))
		}
		r := Rule{TTL: time.Duration(rng.IntN(6000)) * ms, Keep: true}
		r.Collapse = r.TTL > 0
		d := Demand{Rate: math.Exp(rng.Float64()*16 - 4)}
		if rng.IntN(2) == 0 {
			d.Every, d.Yields = 1+9*rng.Float64(), []float64{0, .5, .9, 1}[rng.IntN(4)]
		}
		s := Series{Every: 1 + 9*rng.Float64(), Lasts: 1 + 20*rng.Float64()}
		origin := func(p Path, d Demand, r Rule) [2]float64 {
			f, g := p.Refreshes(d, r), p.Fills(d, s, r)
			for i := range f {
				if !(f[i] >= 0 && g[i] >= 0) || math.IsInf(f[i], 0) || math.IsInf(g[i], 0) {
					t.Fatalf("%+v, %+v, %+v: flows %v and %v", p, d, r, f, g)
				}
			}
			return [2]float64{f.Origin(), g.Origin()}
		}
		less := origin(p, d, r)
		check := func(what string, more [2]float64) {
			for i, kind := range []string{"refreshes", "fills"} {
				if more[i] < less[i]*(1-1e-9) {
					t.Fatalf("%s: %s at the origin fall from %g to %g: %+v, %+v, %+v, %+v", what, kind, less[i], more[i], p, d, r, s)
				}
			}
		}
		more := d
		more.Rate *= 1 + rng.Float64()*10
		check("more viewers", origin(p, more, r))
		shorter := r
		shorter.TTL = time.Duration(float64(r.TTL) * rng.Float64())
		shorter.Collapse = shorter.TTL > 0
		check("a shorter TTL", origin(p, d, shorter))
		wider := p
		wider.Layers = slices.Clone(p.Layers)
		wider.Layers[0] = Even(nodes + 1 + rng.IntN(50))
		// What is not collapsed overlaps less then, see apart; and fewer viewers at each cache make way sooner.
		if p.Collapse || len(p.Layers) == 1 && d.Yields == 0 {
			check("more caches", origin(wider, d, r))
		}
	}
}

// TestAgain: a flush costs each cache what its viewers still want.
func TestAgain(t *testing.T) {
	p := Path{Layers: []Layer{Even(10), Even(1)}, Collapse: true}
	left := make([]float64, 40) // evenly within 4 s
	for i := range left {
		left[i] = 1 - (float64(i)+.5)/40
	}
	f := p.Again(Demand{Rate: 1e6}, Series{Every: 4, Lasts: 4}, left, .1)
	if f[0] != 0 || math.Abs(f[1]-10) > .1 || math.Abs(f[2]-1) > .01 {
		t.Errorf("a flush asks %v; want 10 POPs once, and the origin once", f)
	}
}

func TestCheck(t *testing.T) {
	for _, p := range []Path{
		{Layers: []Layer{{}}}, {Layers: []Layer{{{0, 1}}}}, {Layers: []Layer{{{1, .5}}}}, {Layers: []Layer{{{1, math.NaN()}}}},
		{Layers: []Layer{Even(1)}, Hop: -1}, {Layers: []Layer{Even(1)}, Origin: -1}, {Layers: []Layer{Even(maxNodes + 1)}},
	} {
		if p.Check() == nil {
			t.Errorf("%+v: no error", p)
		}
	}
}

// A million viewers, reloads every 4 s and a TTL of a second, at 60 POPs and a shield: what
// reaches the origin of one playlist is one request a second.
func ExamplePath_Refreshes() {
	p := Path{Layers: []Layer{Even(60), Even(1)}, Collapse: true, Hop: 5 * ms, Origin: 15 * ms}
	f := p.Refreshes(Demand{Rate: 250_000, Every: 4}, Rule{TTL: time.Second, Keep: true, Collapse: true})
	fmt.Printf("edge %.0f/s, shield %.0f/s, origin %.2f/s, hit ratio %.6f\n", f.Edge(), f[1], f.Origin(), f.HitRatio())
	// Output:
	// edge 250000/s, shield 59/s, origin 0.99/s, hit ratio 0.999996
}

// TestChanges: an error that is kept for 10 s is fetched at once, and then every 10 s, by each POP.
func TestChanges(t *testing.T) {
	const slots, pops = 25, 6
	demands := slices.Repeat([]Demand{{}}, slots)
	for i := 3; i < slots; i++ {
		demands[i].Rate = 300
	}
	errors := Rule{TTL: 10 * time.Second, Keep: true, Collapse: true}
	for _, p := range []Path{{Layers: []Layer{Even(pops)}, Collapse: true}, {Layers: []Layer{Even(2 * pops), Even(pops)}, Collapse: true}} {
		for at, f := range p.Changes(Demand{}, demands, 1, errors) {
			want := 0.0
			if at == 3 || at == 13 || at == 23 {
				want = pops
			}
			if math.Abs(f.Origin()-want) > .01 || f[0] != demands[at].Rate {
				t.Errorf("%d layers, second %d: the origin is asked %.2f times; want %g", len(p.Layers), at, f.Origin(), want)
			}
		}
	}
	// In the long run it is the steady rate.
	p := Path{Layers: []Layer{Even(pops)}, Collapse: true}
	demands = slices.Repeat([]Demand{{Rate: 2}}, 2000)
	total, steady := 0.0, p.Refreshes(Demand{Rate: 2}, errors)
	for _, f := range p.Changes(Demand{}, demands, 1, errors)[1000:] {
		total += f.Origin() / 1000
	}
	if math.Abs(total/steady.Origin()-1) > .05 {
		t.Errorf("in the long run %g a second; want %g", total, steady.Origin())
	}
	// Where nothing changes it is the steady rate from the start.
	for _, d := range []Demand{{Rate: 200}, {Rate: 3}, {Rate: 200, Every: 4}, {Rate: 3, Every: 4}} {
		steady := p.Refreshes(d, kept)
		for at, f := range p.Changes(d, slices.Repeat([]Demand{d}, 100), .1, kept) {
			if math.Abs(f.Origin()/steady.Origin()-1) > .06 {
				t.Errorf("%+v: after %d slots %g a second; want %g", d, at, f.Origin(), steady.Origin())
				break
			}
		}
	}
}

// TestMerged: groups put together let through what they do apart.
func TestMerged(t *testing.T) {
	apart := append(Ranked(600, 2, .7), Ranked(80, 1, 2)...)
	for i := range apart {
		apart[i].Share /= 2
	}
	merged := apart.Merged()
	if err := (&Path{Layers: []Layer{merged}}).Check(); err != nil || merged.nodes() != apart.nodes() || len(merged) > 120 {
		t.Fatalf("%v: %d groups of %d caches; want few of %d", err, len(merged), merged.nodes(), apart.nodes())
	}
	kept := Rule{TTL: time.Second, Keep: true, Collapse: true}
	for _, collapse := range []bool{true, false} {
		for rate := 0.01; rate < 1e7; rate *= 7 {
			for _, behind := range [][]Layer{nil, {Even(13)}, {Even(13), Even(1)}} {
				flow := func(l Layer) (out []Flow) {
					p := Path{Layers: append([]Layer{l}, behind...), Collapse: collapse, Hop: 5 * time.Millisecond, Origin: 15 * time.Millisecond}
					return append(out, p.Refreshes(Demand{Rate: rate}, kept), p.Refreshes(Demand{Rate: rate, Every: 4}, kept), p.Fills(Demand{Rate: rate}, Series{Every: 4, Lasts: 4}, kept))
				}
				a, b := flow(apart), flow(merged)
				for k := range a {
					for i := range a[k] {
						if math.Abs(a[k][i]-b[k][i]) > .002*a[k][i] {
							t.Errorf("collapse %v, %d layers, %g/s, formula %d, layer %d: %g apart, %g merged", collapse, len(behind)+1, rate, k, i, a[k][i], b[k][i])
						}
					}
				}
			}
		}
	}
}

// TestEqualShares: a layer of any number of equal groups is one, and not refused for the rounding of its sum.
func TestEqualShares(t *testing.T) {
	for n := 1; n <= 64; n++ {
		l := slices.Repeat(Layer{{Nodes: 2, Share: 1 / float64(n)}}, n).Merged()
		p := Path{Layers: []Layer{l}}
		if err := p.Check(); err != nil || len(l) != 1 || l[0].Nodes != 2*n || math.Abs(l[0].Share-1) > 1e-9 {
			t.Errorf("%d groups: %v, %v", n, l, err)
		}
	}
}
