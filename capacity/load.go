package capacity

import (
	"slices"
	"time"

	"hlsload/capacity/cache"
	"hlsload/capacity/kernel"
	"hlsload/player/m3u8"
)

// Load is what is asked for in a second.
type Load struct {
	Edge   float64 // requests
	Bits   float64 // of bodies, at the edge
	Origin float64 // requests
	// Layers is the requests that arrive at each layer of caches: the POPs, the regional caches
	// if there are any, the shield if there is one, and the origin.
	Layers []float64
	// ByClass is the origin's requests by class of the kernel.
	ByClass []float64
}

// HitRatio is the part of the requests at the edge that needed none to the origin.
func (l *Load) HitRatio() float64 {
	return cache.Flow{l.Edge, l.Origin}.HitRatio()
}

// model is a plan with its kernel.
type model struct {
	plan   *Plan
	kernel *kernel.Kernel
	path   cache.Path
	rules  []cache.Rule // by class
	spread cache.Series // of segments; Every is not set
	left   []float64
	// steady is what a viewer of the mix asks for, joined what one adds that joins, by slot.
	steady []kernel.Rate
	joined [][]kernel.Rate
	series []int // by class: that of the segments of the same rendition and pipeline; -1 = none
}

func newModel(p *Plan, k *kernel.Kernel) *model {
	m := &model{plan: p, kernel: k, path: p.path(), left: k.Spread.Left(),
		spread: cache.Series{Lasts: k.Spread.Lasts(), Early: k.Spread.Early()}, steady: make([]kernel.Rate, len(k.Classes))}
	for _, c := range k.Classes {
		m.rules = append(m.rules, p.ruleOf(c))
		m.series = append(m.series, segmentsOf(k, c))
	}
	for i := range p.Cohorts {
		share := p.Cohorts[i].Share
		of := &k.Cohorts[i]
		kernel.Add(m.steady, of.Steady, share)
		for t, rates := range of.Join {
			if t == len(m.joined) {
				m.joined = append(m.joined, make([]kernel.Rate, len(k.Classes)))
			}
			kernel.Add(m.joined[t], rates, share)
		}
	}
	return m
}

// segmentsOf is the class of the segments that a playlist lists.
func segmentsOf(k *kernel.Kernel, c kernel.Class) int {
	if c.Kind != m3u8.KindMedia {
		return -1
	}
	for i, o := range k.Classes {
		if o.Kind == m3u8.KindSegment && o.Status == 0 && o.Pipeline == c.Pipeline && o.Rendition == c.Rendition {
			return i
		}
	}
	return -1
}

// load is what comes of rates at the edge, by class.
func (m *model) load(rates []kernel.Rate) Load {
	return m.loads(rates, [][]kernel.Rate{rates}, nil, nil)[0]
}

// loads is what comes of rates at the edge, by slot and class, after others before. fresh is the
// objects that are asked for at first, a second, by slot and class; nil = one in the time of a
// segment. fault is how dense the requests are; nil = they come independently.
func (m *model) loads(before []kernel.Rate, rates [][]kernel.Rate, fresh [][]float64, fault *kernel.Fault) []Load {
	out := make([]Load, len(rates))
	for t := range out {
		out[t] = Load{Layers: m.path.NewFlow(), ByClass: make([]float64, len(before))}
	}
	for class := range before {
		for t, f := range m.flows(class, before, rates, fresh, fault) {
			l := &out[t]
			l.Bits += max(rates[t][class].Bytes, 0) * 8
			l.Layers = sum(l.Layers, f)
			l.ByClass[class] = f.Origin()
		}
	}
	for t := range out {
		l := &out[t]
		l.Edge, l.Origin = l.Layers[0], l.Layers[len(l.Layers)-1]
	}
	return out
}

// flows is what the requests of one class come to.
func (m *model) flows(class int, before []kernel.Rate, rates [][]kernel.Rate, fresh [][]float64, fault *kernel.Fault) []cache.Flow {
	c, rule := m.kernel.Classes[class], m.rules[class]
	demands, first := make([]cache.Demand, len(rates)), len(rates)
	for t := range rates {
		demands[t].Rate = max(rates[t][class].Requests, 0)
		if c.Kind == m3u8.KindMedia && c.Status == 0 {
			demands[t].Every = m.period(class, rates[t])
		}
		if fault != nil {
			demands[t].Herd = fault.Herd[t][class]
			// The first herd finds nothing in the caches. Whether a later one meets a fetch is up to
			// chance, and the simulations of the kernel had their own.
			if j := fault.Joined[t][class]; j > 0 && demands[t].Rate > 3*before[class].Requests {
				if first = min(first, t); t-first < int(time.Second/kernel.Fine) {
					demands[t].Joined = j
				}
			}
		}
	}
	s := m.spread
	s.Every = every(c, &m.plan.Channel)
	was := cache.Demand{Rate: max(before[class].Requests, 0)}
	if c.Kind == m3u8.KindMedia && c.Status == 0 {
		was.Every = m.period(class, before)
	}
	out := make([]cache.Flow, len(rates))
	switch single := c.Status != 0 || s.Every == 0; {
	case single && fault != nil:
		return m.path.Changes(was, demands, kernel.Fine.Seconds(), rule)
	case single:
		for t, d := range demands {
			out[t] = m.path.Refreshes(d, rule)
		}
		return out
	case fault != nil:
		demands = smooth(was, demands, max(1, int(s.Every/kernel.Fine.Seconds())))
	}
	for t, d := range demands {
		burst := s
		if fresh != nil && fresh[t][class]*s.Every > 1 {
			burst.Every = 1 / fresh[t][class] // it takes more objects than appear meanwhile
		}
		out[t] = m.path.Fills(d, burst, rule)
		out[t][0] = max(rates[t][class].Requests, 0)
	}
	return out
}

// smooth is the mean rates of n slots around each one: an object is asked for by as many viewers as
// ask in the time from one to the next, whenever in that they do.
func smooth(before cache.Demand, demands []cache.Demand, n int) []cache.Demand {
	at := func(t int) float64 {
		switch {
		case t < 0:
			return before.Rate
		case t >= len(demands):
			return demands[len(demands)-1].Rate
		}
		return demands[t].Rate
	}
	sum := 0.0
	for t := -n / 2; t < n-n/2; t++ {
		sum += at(t)
	}
	out := slices.Clone(demands)
	for t := range out {
		out[t].Rate = max(0, sum/float64(n))
		sum += at(t+n-n/2) - at(t-n/2)
	}
	return out
}

// period is how often a viewer reloads a playlist: there are as many viewers as segments are
// asked for in the time of one.
func (m *model) period(class int, rates []kernel.Rate) float64 {
	segment, i := m.plan.Channel.Segment.Seconds(), m.series[class]
	if i < 0 || rates[class].Requests <= 0 || rates[i].Requests <= 0 {
		return segment
	}
	return min(max(segment*rates[i].Requests/rates[class].Requests, segment/4), 4*segment)
}

// plus adds another load.
func (l *Load) plus(o *Load) {
	l.Edge, l.Bits, l.Origin = l.Edge+o.Edge, l.Bits+o.Bits, l.Origin+o.Origin
	l.Layers, l.ByClass = sum(l.Layers, o.Layers), sum(l.ByClass, o.ByClass)
}

func sum(a, b []float64) []float64 {
	if a == nil {
		a = make([]float64, len(b))
	}
	for i := range b {
		a[i] += b[i]
	}
	return a
}

// scale multiplies a load.
func (l *Load) scale(by float64) {
	l.Edge, l.Bits, l.Origin = l.Edge*by, l.Bits*by, l.Origin*by
	for _, s := range [][]float64{l.Layers, l.ByClass} {
		for i := range s {
			s[i] *= by
		}
	}
}
