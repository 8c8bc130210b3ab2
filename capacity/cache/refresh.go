package cache

import "math"

// Refreshes is what the requests for one object come to that is asked for all the time: a
// playlist, or an error in its place.
//
// The cache next to the origin, or each of them, works in cycles. A request finds the copy
// expired, the fetch takes d, the copy is fresh for T; then time w passes to the next request:
//
//	refreshes a second = 1 / (d + T + w)
//
// For independent requests at a rate λ, w = 1/λ: λ/(1 + λ(d + T)), the throughput of a counter
// with a dead time (renewal theory). Viewers of a live stream ask like clocks, every P seconds
// at phases of their own. With k of them, the one that refreshed comes back after P, and the
// others are anywhere within P. w is the expected first of those after the expiry:
//
//	w = P/k · (1 − (τ/P)^k), τ = (d + T) mod P
//
// One viewer then refreshes with each request (T < P), where the first formula has a fifth less.
// Two refresh both if neither is within d + T of the other: 2 − 2(d + T)/P times in P.
// How many viewers are behind one cache is Poisson distributed; the result is the mean over that.
//
// In the layers below, a cache fetches once in a cycle if it is asked at all. With a of the rate
// λ at the cache above, and q = a/λ for the chance that it began the cycle:
//
//	fetches a cycle = 1 − (1 − q)·e^(−a(d + T))
//
// Without collapsing, each fetch that takes d lets a·d more through, in the layers above as well.
// With several layers it is less: copies that were fetched one after the other expire so, and are
// not asked for again together. [Path.apart] is a fit to simulations of that. An answer that must not be
// kept passes all layers, but those that wait for a fetch under way: a/(1 + a·d).
func (p *Path) Refreshes(d Demand, r Rule) Flow {
	f := p.refreshes(d, r, p.Collapse && r.Collapse)
	if !p.Collapse && d.Joined > 0 {
		return f.through(p.refreshes(d, r, true), d)
	}
	return f
}

func (p *Path) refreshes(d Demand, r Rule, join bool) Flow {
	f, n := p.NewFlow(), len(p.Layers)
	if !(d.Rate > 0) {
		return f
	}
	f[0] = d.Rate
	switch {
	case n == 0:
	case !r.Keep || r.TTL <= 0:
		rate := d.Rate
		for i, l := range p.Layers {
			if join {
				rate = l.joined(rate, max(d.Herd, 1)*p.fill(i))
			}
			f[i+1] = rate
		}
	default:
		top := p.Layers[n-1]
		dead := p.fill(n-1) + r.TTL.Seconds()
		cycles, fetches := 0.0, 0.0
		for _, g := range top {
			a := d.Rate * g.Share / float64(g.Nodes)
			c := float64(g.Nodes) * d.cycles(a, dead)
			cycles += c
			fetches += c
			if !join {
				fetches += c * a * p.fill(n-1) * p.apart(a)
			}
		}
		for i, l := range p.Layers[:n-1] {
			f[i+1] = p.below(i, l, d, dead, cycles/float64(top.nodes()), join)
		}
		f[n] = fetches
	}
	return f.bounded()
}

// apart is what part of the requests within a fetch is let through by the N caches of the first
// layer below each of those next to the origin, when a come a second to the latter:
//
//	1 − 0.4·(1 − 1/N)·x/(1 + x), x = a·d/N
//
// found with the twin of the tests, for N from 1 to 60 and x from 0.1 to 20: within 0.08.
func (p *Path) apart(a float64) float64 {
	n := len(p.Layers)
	if n < 2 {
		return 1
	}
	nodes := max(float64(p.Layers[0].nodes())/float64(p.Layers[n-1].nodes()), 1)
	x := a * p.fill(n-1) / nodes
	return 1 - .4*(1-1/nodes)*x/(1+x)
}

// joined is what of a rate is passed on when requests that come within a fetch wait for it.
func (l Layer) joined(rate, fill float64) (on float64) {
	for _, g := range l {
		a := rate * g.Share / float64(g.Nodes)
		on += float64(g.Nodes) * a / (1 + a*fill)
	}
	return on
}

// below is the fetches of layer i, below the one next to the origin, of which each cache begins
// that many cycles a second.
func (p *Path) below(i int, l Layer, d Demand, dead, cycles float64, join bool) (fetches float64) {
	above := d.Rate / float64(p.Layers[len(p.Layers)-1].nodes())
	perCycle, hop := 0.0, p.Hop.Seconds()
	for _, g := range l {
		a := d.Rate * g.Share / float64(g.Nodes)
		began := min(a/above, 1) // the cycle
		once := 1 - (1-began)*math.Exp(-a*dead)
		if !join {
			// Those that ask while the cache above fetches wait for the origin as well; the
			// others find the copy in the layer above.
			early := 1 - (1-began)*math.Exp(-a*p.fill(len(p.Layers)-1))
			once += a * (early*p.fill(i) + (once-early)*hop)
		}
		perCycle += float64(g.Nodes) * once
	}
	// One of the caches above has its part of the nodes below.
	return perCycle * cycles
}

// cycles is how many cycles a second a cache has that is asked a times a second and that needs
// nothing for a time once it was asked.
func (d Demand) cycles(a, dead float64) (sum float64) {
	if !(a > 0) {
		return 0
	}
	if d.Every <= 0 {
		return a / (1 + a*dead)
	}
	viewers, late := a*d.Every, math.Mod(dead, d.Every)/d.Every
	if viewers > few {
		return 1 / (dead + d.Every/viewers*(1-math.Pow(late, viewers)))
	}
	p, none := math.Exp(-viewers), 1.0
	for k := 1.0; k < 3*few; k++ {
		p *= viewers / k
		none *= late
		cycle := dead + d.Every/k*(1-none)
		if k == 2 && dead < d.Every {
			cycle = d.Every / (2 - 2*min(late, .5))
		}
		if sum += p / cycle; k > viewers && p < 1e-12 {
			break
		}
	}
	return sum
}

// few is up to how many viewers in the mean the chance of their number matters.
const few = 150
