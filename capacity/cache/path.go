package cache

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Group is caches of one layer that get the same number of requests.
type Group struct {
	Nodes int     // caches that fetch separately; ≥ 1
	Share float64 // of the layer's requests that they get together
}

// Layer is a layer of caches. The shares of its groups add up to 1.
type Layer []Group

// Even is a layer of so many caches that get the same number of requests.
func Even(nodes int) Layer { return Layer{{nodes, 1}} }

// Ranked is a layer of n points of presence with as many caches each, whose shares fall
// with their rank as 1/rank^exponent (Zipf); 0 = equal.
func Ranked(n, nodes int, exponent float64) Layer {
	if exponent == 0 {
		return Even(n * nodes)
	}
	l, sum := make(Layer, n), 0.0
	for i := range l {
		l[i] = Group{nodes, math.Pow(float64(i+1), -exponent)}
		sum += l[i].Share
	}
	for i := range l {
		l[i].Share /= sum
	}
	return l
}

// Merged is the layer with groups put together whose caches get almost the same number of requests, a
// tenth more at most: as many formulas less have to be evaluated. What comes of them changes by less
// than 0.1 %, because a tenth around the mean cancels but for its square.
func (l Layer) Merged() Layer {
	const within = 1.1
	each := func(g Group) float64 { return g.Share / float64(g.Nodes) }
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, func(a, b Group) int { return cmp.Compare(each(a), each(b)) })
	var out Layer
	least := math.Inf(-1)
	for _, g := range sorted {
		if n := len(out); n > 0 && each(g) <= least*within {
			out[n-1].Nodes += g.Nodes
			out[n-1].Share = min(out[n-1].Share+g.Share, 1) // nine ninths are more by rounding
			continue
		}
		out, least = append(out, g), each(g)
	}
	return out
}

// nodes is how many caches a layer has.
func (l Layer) nodes() (n int) {
	for _, g := range l {
		n += g.Nodes
	}
	return n
}

// Path is what a request passes that no cache can answer.
type Path struct {
	Layers   []Layer       // from the viewers to the origin; none = they ask the origin
	Collapse bool          // requests for what is being fetched wait for it
	Hop      time.Duration // a cache's own time to its first byte, when it asks another cache
	Origin   time.Duration // the origin's
}

// maxNodes bounds the caches of a layer.
const maxNodes = 1_000_000

// Check reports what is wrong with the path; nil when it can be used.
func (p *Path) Check() error {
	for i, l := range p.Layers {
		sum := 0.0
		for _, g := range l {
			if g.Nodes < 1 || g.Nodes > maxNodes || !(g.Share >= 0 && g.Share <= 1) {
				return fmt.Errorf("layer %d of caches: %d nodes with a share of %g (want 1 to %d, and 0 to 1)", i, g.Nodes, g.Share, maxNodes)
			}
			sum += g.Share
		}
		if math.Abs(sum-1) > 1e-6 {
			return fmt.Errorf("layer %d of caches: shares add up to %g (want 1)", i, sum)
		}
	}
	if p.Hop < 0 || p.Origin < 0 {
		return fmt.Errorf("caches: times to the first byte %v and %v (want 0s or more)", p.Hop, p.Origin)
	}
	return nil
}

// fill is how long a fetch of layer i takes that goes to the origin.
func (p *Path) fill(i int) float64 {
	return (p.Origin + time.Duration(len(p.Layers)-1-i)*p.Hop).Seconds()
}

// Rule is how caches treat an answer.
type Rule struct {
	TTL      time.Duration // how long it is fresh
	Keep     bool          // it may be kept
	Collapse bool          // requests that come meanwhile may wait for it
}

// Demand is the requests of viewers for one object, or one series of objects.
type Demand struct {
	Rate float64 // a second, of all viewers
	// Every is the time between two requests of one viewer, who asks like a clock; 0 =
	// requests come independently (Poisson).
	Every float64
	// Yields is the share of the requests of viewers who make way: see [Path.Refreshes]. It matters
	// with Every, which is then also the time from one change of the object to the next.
	Yields float64
	// Herd is how many times as dense the requests come as Rate says, as seen by them; 0 = 1. It
	// matters for what waits for a fetch of what is not kept.
	Herd float64
}

// Flow is the requests a second that arrive at each layer, and at the origin in the last
// element.
type Flow []float64

// NewFlow returns the flow of nothing.
func (p *Path) NewFlow() Flow { return make(Flow, len(p.Layers)+1) }

// With is the flow with more of the same requests.
func (f Flow) With(more Flow) Flow {
	for i := range f[1:] {
		f[i+1] += more[i+1]
	}
	return f.bounded()
}

// bounded is the flow in which no layer is asked for more than the one below it.
func (f Flow) bounded() Flow {
	for i := range f[1:] {
		f[i+1] = min(f[i+1], f[i])
	}
	return f
}

// Edge is what the viewers ask for.
func (f Flow) Edge() float64 { return f[0] }

// Origin is what the origin is asked for.
func (f Flow) Origin() float64 { return f[len(f)-1] }

// HitRatio is the part of the viewers' requests that needed no request to the origin; it is
// 1 without requests.
func (f Flow) HitRatio() float64 {
	if f.Edge() <= 0 {
		return 1
	}
	return 1 - f.Origin()/f.Edge()
}
