package cache

import "math"

// Onset is the requests for one object that was in no cache before, slot by slot: for each slot
// of so many seconds the demand in it, and the flow that comes of it.
//
// The steady formula of [Path.Refreshes] spreads the fetches of a cycle over the cycle. An object
// that is kept for long is fetched when it is asked for at first, though, and then not for as long
// as it is fresh. With F fetches a cache so far within the last d + T, the copy is fresh with
// probability ΣF, so that in a slot of length h
//
//	F = (1 − ΣF) · (1 − e^(−a·h))
//
// Where d + T is less than two slots, the steady formula is used.
func (p *Path) Onset(demands []Demand, slot float64, r Rule) []Flow {
	out := make([]Flow, len(demands))
	n := len(p.Layers)
	dead := 0.0
	if n > 0 && r.Keep {
		dead = p.fill(n-1) + r.TTL.Seconds()
	}
	if dead < 2*slot {
		for t, d := range demands {
			out[t] = p.Refreshes(d, r)
		}
		return out
	}
	top, join := p.Layers[n-1], p.Collapse && r.Collapse
	begun := make([][]float64, len(top)) // cycles of a cache, by group and slot
	fresh := make([]float64, len(top))   // the sum of those that are not over
	lasts := int(min(dead/slot, float64(len(demands))))
	for t, d := range demands {
		f := p.NewFlow()
		out[t] = f
		cycles, fetches := 0.0, 0.0
		for i, g := range top {
			if t >= lasts {
				fresh[i] -= begun[i][t-lasts]
			}
			a := d.Rate * g.Share / float64(g.Nodes)
			c := max(0, 1-fresh[i]) * -math.Expm1(-a*slot)
			begun[i] = append(begun[i], c)
			fresh[i] += c
			c *= float64(g.Nodes) / slot
			cycles += c
			fetches += c
			if !join {
				fetches += c * d.lead(a) * p.fill(n-1)
			}
		}
		if f[0] = d.Rate; d.Rate > 0 {
			for i, l := range p.Layers[:n-1] {
				f[i+1] = p.below(i, l, d, dead, cycles/float64(top.nodes()), join)
			}
		}
		f[n] = fetches
		f.bounded()
	}
	return out
}
