package cache

import "math"

// Series is objects that are asked for one after the other, each by all viewers once: the
// segments of a rendition.
type Series struct {
	Every float64 // seconds from one object to the next; > 0
	// Lasts is the seconds in which an object is asked for, and Early the share of its requests a
	// second right after the first one. 1/Lasts if they come evenly.
	Lasts, Early float64
}

// Fills is what the requests for a series of objects come to.
//
// With v viewers behind a cache, an object is fetched there if at least one of them asks for it.
// Their number is Poisson distributed:
//
//	fetches an object = Σ over caches of 1 − e^(−v)
//
// in every layer, with the v of that layer. Without collapsing, a fetch that takes d lets
// v·d·e more through, where e is the share of the requests a second that come early. A copy that
// is fresh for less than the time in which the object is asked for is fetched again, in cycles as
// a playlist is.
func (p *Path) Fills(d Demand, s Series, r Rule) Flow {
	f := p.fills(d, s, r, p.Collapse && r.Collapse)
	if !p.Collapse && d.Joined > 0 {
		return f.through(p.fills(d, s, r, true), d)
	}
	return f
}

func (p *Path) fills(d Demand, s Series, r Rule, join bool) Flow {
	f, n := p.NewFlow(), len(p.Layers)
	if !(d.Rate > 0) || !(s.Every > 0) {
		return f
	}
	if !r.Keep || r.TTL <= 0 {
		return p.refreshes(Demand{Rate: d.Rate}, r, join)
	}
	f[0] = d.Rate
	// Of an object that is asked for longer than it stays fresh there are several lives.
	lives := 1.0
	if n > 0 {
		if dead := p.fill(n-1) + r.TTL.Seconds(); s.Lasts > dead {
			v := d.Rate * s.Every / float64(p.Layers[n-1].nodes())
			lives += (s.Lasts - dead) / (dead + s.Lasts/v)
		}
	}
	for i, l := range p.Layers {
		fetches := 0.0
		for _, g := range l {
			v := d.Rate * g.Share / float64(g.Nodes) * s.Every / lives
			once := -math.Expm1(-v)
			if !join {
				density := v * s.Early
				early := once // they ask while the origin is asked; all next to it do
				if i < n-1 {
					early = min(once, -math.Expm1(-density*p.fill(n-1)))
				}
				more := density * (early*p.fill(i) + (once-early)*p.Hop.Seconds())
				once += min(more, v-once)
			}
			fetches += float64(g.Nodes) * once
		}
		f[i+1] = fetches * lives / s.Every
	}
	return f.bounded()
}

// Again is how many requests reach each layer when all caches lose everything: of each object
// that is being asked for, its copies are fetched once more where viewers are left who have not
// asked yet. left has, by steps of so many seconds after an object's first request, the share of
// its viewers who have not asked for it.
//
//	fetches = Σ over caches of 1/every · ∫ 1 − e^(−v·left(x)) dx
//
// (the ages of the objects are spread evenly over the time from one to the next).
func (p *Path) Again(d Demand, s Series, left []float64, step float64) Flow {
	f := p.NewFlow()
	if !(d.Rate > 0) || !(s.Every > 0) {
		return f
	}
	for i, l := range p.Layers {
		for _, g := range l {
			v := d.Rate * g.Share / float64(g.Nodes) * s.Every
			sum := 0.0
			for _, share := range left {
				sum += -math.Expm1(-v*share) * step
			}
			f[i+1] += float64(g.Nodes) * sum / s.Every
		}
	}
	return f
}
