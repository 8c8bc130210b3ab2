package cache

import "math"

// Changes is the requests for one object whose demand changes, slot by slot of so many seconds: for
// each demand the flow that comes of it. before is the demand until then; with a rate of 0 the object
// is in no cache.
//
// The steady formula of [Path.Refreshes] spreads the fetches of a cycle over the cycle. An object
// that is new to the caches is fetched when it is asked for at first, though, and then not for as long
// as it is fresh; and what is asked for all at once is not fetched more often. With F fetches a cache
// in each slot of the last d + T, the copy is fresh with probability ΣF, so that in a slot of length h
//
//	F = (1 − ΣF) · (1 − e^(−a·h))
//
// Where d + T is less than two slots, the steady formula is used.
func (p *Path) Changes(before Demand, demands []Demand, slot float64, r Rule) []Flow {
	return p.changes(before, demands, slot, r, p.Collapse && r.Collapse)
}

// copies is one cache of a group, in the mean.
type copies struct {
	begun []float64 // cycles, by slot
	fresh float64   // the sum of those that are not over
	first float64   // cycles in each slot before
	often float64   // how many times as often as by chance an expired one is refreshed
}

func (p *Path) changes(before Demand, demands []Demand, slot float64, r Rule, join bool) []Flow {
	out := make([]Flow, len(demands))
	n := len(p.Layers)
	dead := 0.0
	if n > 0 && r.Keep {
		dead = p.fill(n-1) + r.TTL.Seconds()
	}
	if dead < 2*slot {
		for t, d := range demands {
			out[t] = p.refreshes(d, r, join)
		}
		return out
	}
	top := p.Layers[n-1]
	caches := make([]copies, len(top))
	lasts := dead / slot
	for i, g := range top {
		c := &caches[i]
		c.often = 1
		if a := before.Rate * g.Share / float64(g.Nodes); a > 0 {
			// So that F stays what it is if nothing changes.
			f := before.cycles(a, dead) * slot
			c.first, c.fresh, c.often = f, f*lasts, f/(1-f*(lasts-1))/-math.Expm1(-a*slot)
		}
	}
	for t, d := range demands {
		f := p.NewFlow()
		out[t] = f
		cycles, fetches := 0.0, 0.0
		for i, g := range top {
			a := d.Rate * g.Share / float64(g.Nodes)
			c := float64(g.Nodes) / slot * caches[i].next(a*slot, lasts)
			cycles += c
			fetches += c
			if !join {
				fetches += c * a * p.fill(n-1) * p.apart(a, d)
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

// next is the cycles that begin in the next slot, in which so many requests come. Those that
// began lasts slots ago are over.
func (c *copies) next(requests, lasts float64) float64 {
	whole, part := math.Modf(lasts)
	ago := func(slots int) float64 {
		if i := len(c.begun) - slots; i >= 0 {
			return c.begun[i]
		}
		return c.first
	}
	if n := int(min(whole, 1e9)); n > 0 {
		c.fresh -= (1-part)*ago(n) + part*ago(n+1)
	}
	begun := min(max(0, 1-c.fresh)*-math.Expm1(-requests)*c.often, max(0, 1-c.fresh))
	c.begun = append(c.begun, begun)
	c.fresh += begun
	return begun
}
