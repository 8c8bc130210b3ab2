package capacity

import (
	"slices"

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
	shares []float64 // of the cohorts
	// steady is what a viewer of the mix asks for, joined what one adds that joins, by slot.
	steady []kernel.Rate
	joined [][]kernel.Rate
	series []int // by class: that of the segments of the same rendition and pipeline; -1 = none
}

func newModel(p *Plan, k *kernel.Kernel) *model {
	m := &model{plan: p, kernel: k, path: p.path(), steady: make([]kernel.Rate, len(k.Classes))}
	for _, c := range k.Classes {
		m.rules = append(m.rules, p.ruleOf(c))
		m.series = append(m.series, segmentsOf(k, c))
	}
	for i := range p.Cohorts {
		share := p.Cohorts[i].Share
		m.shares = append(m.shares, share)
		of := &k.Cohorts[i]
		kernel.Add(m.steady, of.Steady, share)
		for t, rates := range of.Join {
			if t == len(m.joined) {
				m.joined = append(m.joined, make([]kernel.Rate, len(k.Classes)))
			}
			kernel.Add(m.joined[t], rates, share)
		}
	}
	spread := k.Spread(m.shares)
	m.left, m.spread = spread.Left(), cache.Series{Lasts: spread.Lasts(), Came: cache.Came(spread.Came())}
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
	return m.loads(0, rates, [][]kernel.Rate{rates}, nil, nil)[0]
}

// loads is what comes of rates at the edge of so many viewers, by slot and class, after others before. fresh is the
// objects that are asked for at first, a second, by slot and class; nil = one in the time of a
// segment. fault is how dense the requests are; nil = they come independently.
func (m *model) loads(viewers float64, before []kernel.Rate, rates [][]kernel.Rate, fresh [][]float64, fault *kernel.Fault) []Load {
	out := make([]Load, len(rates))
	for t := range out {
		out[t] = Load{Layers: m.path.NewFlow(), ByClass: make([]float64, len(before))}
	}
	for class := range before {
		for t, f := range m.flows(class, viewers, before, rates, fresh, fault) {
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

// flows is what the requests of one class come to. Without collapsing, the first herd that comes for what
// was not asked for passes as far as it meets the fetch.
func (m *model) flows(class int, viewers float64, before []kernel.Rate, rates [][]kernel.Rate, fresh [][]float64, fault *kernel.Fault) []cache.Flow {
	out := m.passed(&m.path, class, before, rates, fresh, fault)
	if m.path.Collapse || fault == nil {
		return out
	}
	rush, sum := &fault.Rush[class], 0.0
	n, came := rush.Of(viewers, m.shares)
	from, to := max(0, rush.At-1), min(rush.At+kernel.RushSlots, len(rates)) // they were sent before
	herd := rates[from:to]
	for _, slot := range herd {
		sum += max(slot[class].Requests, 0)
	}
	if came == nil || sum <= 3*before[class].Requests*float64(len(herd)) {
		return out
	}
	joined := m.path
	joined.Collapse = true
	more := m.path.Rush(n, cache.Came(came))
	for i, f := range m.passed(&joined, class, before, rates, fresh, fault)[from:to] {
		part := m.path.NewFlow()
		for layer := range more {
			part[layer] = more[layer] / kernel.Fine.Seconds() * max(herd[i][class].Requests, 0) / sum
		}
		out[from+i] = f.With(part)
	}
	return out
}

// passed is what passes the caches of a path.
func (m *model) passed(p *cache.Path, class int, before []kernel.Rate, rates [][]kernel.Rate, fresh [][]float64, fault *kernel.Fault) []cache.Flow {
	c, rule := m.kernel.Classes[class], m.rules[class]
	demands := make([]cache.Demand, len(rates))
	for t := range rates {
		demands[t].Rate = max(rates[t][class].Requests, 0)
		if c.Kind == m3u8.KindMedia && c.Status == 0 {
			demands[t].Every, demands[t].Yields = m.period(class, rates[t]), yields(rates[t][class])
		}
		if fault != nil {
			demands[t].Herd = fault.Herd[t][class]
		}
	}
	s := m.spread
	s.Every = every(c, &m.plan.Channel)
	was := cache.Demand{Rate: max(before[class].Requests, 0)}
	if c.Kind == m3u8.KindMedia && c.Status == 0 {
		was.Every, was.Yields = m.period(class, before), yields(before[class])
	}
	out := make([]cache.Flow, len(rates))
	switch single := c.Status != 0 || s.Every == 0; {
	case single && fault != nil:
		return p.Changes(was, demands, kernel.Fine.Seconds(), rule)
	case single:
		for t, d := range demands {
			out[t] = p.Refreshes(d, rule)
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
		out[t] = p.Fills(d, burst, rule)
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

// period is how often a viewer reloads a playlist: those who make way do in the time of a segment. Of the
// others there are as many as segments are asked for in that.
func (m *model) period(class int, rates []kernel.Rate) float64 {
	segment, i := m.plan.Channel.Segment.Seconds(), m.series[class]
	if i < 0 || rates[class].Requests <= 0 || rates[i].Requests <= 0 {
		return segment
	}
	others := min(max(segment*rates[i].Requests/rates[class].Requests, segment/4), 4*segment)
	return segment + (1-yields(rates[class]))*(others-segment)
}

// yields is the share of the requests that make way.
func yields(r kernel.Rate) float64 {
	if r.Requests <= 0 {
		return 0
	}
	return min(max(r.Yields/r.Requests, 0), 1)
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
