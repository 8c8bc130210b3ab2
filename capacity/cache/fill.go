package cache

import (
	"cmp"
	"math"
)

// Series is objects that are asked for one after the other, each by all viewers once: the
// segments of a rendition.
type Series struct {
	Every float64 // seconds from one object to the next; > 0
	Lasts float64 // the seconds in which an object is asked for; 0 = Every
	Came  Came    // when; nil = evenly
}

// Came is the share of requests that have come by the end of each [Tick] after the first one.
type Came []float64

// Tick is the length of the steps of [Came], in seconds.
const Tick = 0.002

// by is the share that has come by a time after the first.
func (c Came) by(t float64) float64 {
	whole, part := math.Modf(t / Tick)
	i, below := int(whole), 0.0
	if i >= len(c) {
		return c[len(c)-1]
	}
	if i > 0 {
		below = c[i-1]
	}
	return below + part*(c[i]-below)
}

// meet is how many of v requests come within a time after the first of those that a cache gets. The
// first comes at t with the density v·a·e^(−v·A), where A is the share that has come and a = dA/dt:
//
//	∫ v·a(t)·e^(−v·A(t)) · v·(A(t + d) − A(t)) dt
//
// What comes after the last step is not looked at.
func (c Came) meet(v, d float64) (sum float64) {
	none := 1.0
	for i := range c {
		next := math.Exp(-v * c[i])
		now := (float64(i) + .5) * Tick
		sum += (none - next) * v * (c.by(now+d) - c.by(now))
		if none = next; none < 1e-6 {
			break
		}
	}
	return min(sum, v+math.Expm1(-v))
}

// Rush is how many requests more reach each layer without collapsing when so many come for what is in
// no cache: those that come while it is fetched.
func (p *Path) Rush(requests float64, came Came) Flow {
	f := p.NewFlow()
	for i, l := range p.Layers {
		for _, g := range l {
			f[i+1] += float64(g.Nodes) * came.meet(requests*g.Share/float64(g.Nodes), p.fill(i))
		}
	}
	return f
}

// Fills is what the requests for a series of objects come to.
//
// With v viewers behind a cache, an object is fetched there if at least one of them asks for it.
// Their number is Poisson distributed:
//
//	fetches an object = Σ over caches of 1 − e^(−v)
//
// in every layer, with the v of that layer. Without collapsing, a fetch that takes d lets more through:
// see [Came]. A copy that
// is fresh for less than the time in which the object is asked for is fetched again, in cycles as
// a playlist is.
func (p *Path) Fills(d Demand, s Series, r Rule) Flow {
	return p.fills(d, s, r, p.Collapse && r.Collapse)
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
				early := 1.0 // they ask while the origin is asked; all next to it do
				if i < n-1 {
					early = -math.Expm1(-v * s.by(p.fill(n-1)))
				}
				once += early*s.meet(v, p.fill(i)) + (1-early)*s.meet(v, p.Hop.Seconds())
			}
			fetches += float64(g.Nodes) * once
		}
		f[i+1] = fetches * lives / s.Every
	}
	return f.bounded()
}

// by and meet are the same for one of the objects; evenly if it is not known better.
func (s *Series) by(t float64) float64 {
	if s.Came == nil {
		return min(t/cmp.Or(s.Lasts, s.Every), 1)
	}
	return s.Came.by(t)
}

func (s *Series) meet(v, d float64) float64 {
	if s.Came == nil {
		return min(v*s.by(d), v+math.Expm1(-v))
	}
	return s.Came.meet(v, d)
}

// Again is how many requests reach each layer when all caches lose everything: of each object
// that is being asked for, its copies are fetched once more where viewers are left who have not
// asked yet. left has, by steps of so many seconds after an object's first request, the share of
// its viewers who have not asked for it.
//
//	fetches = Σ over caches of 1/every · ∫ 1 − e^(−v·left(x)) dx
//
// (the ages of the objects are spread evenly over the time from one to the next).
// Without collapsing, what comes meanwhile passes as well. One object (Every = 0) has no more than that:
// its next fetch comes sooner.
func (p *Path) Again(d Demand, s Series, left []float64, step float64) Flow {
	f := p.NewFlow()
	if !(d.Rate > 0) {
		return f
	}
	for i, l := range p.Layers {
		if !p.Collapse {
			f[i+1] += d.Rate * p.fill(i)
		}
		if !(s.Every > 0) {
			continue
		}
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
