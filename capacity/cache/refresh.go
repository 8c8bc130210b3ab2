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
// Many players load a playlist again after P when it brought a new segment, and sooner when it did
// not. After a segment is published there is a copy of the playlist of before for a time up to d + T, and
// with each segment that time is another one, by what the cycles in P do not fit into P. Those who asked
// after its end, and do so before it now, get what they had, and move. Once it has gone all the way, only
// the others ask within d + T after a segment: those without such a rule, and those who have just come. A
// copy that expires there, which happens once in P, waits for one of the others, who ask at a rate μ, or for
// the end of that time:
//
//	w = (1 − e^(−μ·g))/μ, g = what is left of d + T
//
// Without others there are ⌊P/(d + T)⌋ cycles in P.
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
	return p.refreshes(d, r, p.Collapse && r.Collapse)
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
				fetches += c * a * p.fill(n-1) * p.apart(a, d)
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
//	1 − 0.4·(1 − 1/N)·(1 − s/2)·y/(6 + y), y = a·d/√N
//
// found with the twin of the tests, for N from 2 to 16 and a·d from 3 to 22: within 0.05. Where a share s of
// the viewers makes way, copies of all caches expire among few once in P, and are the same again after that:
// half of the effect, as simulations have it.
func (p *Path) apart(a float64, d Demand) float64 {
	n := len(p.Layers)
	if n < 2 {
		return 1
	}
	nodes := max(float64(p.Layers[0].nodes())/float64(p.Layers[n-1].nodes()), 1)
	y := a * p.fill(n-1) / math.Sqrt(nodes)
	return 1 - .4*(1-1/nodes)*(1-min(d.Yields, 1)/2)*y/(6+y)
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
		return d.ordered(a, dead, 1/(dead+d.Every/viewers*(1-math.Pow(late, viewers))))
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
	return d.ordered(a, dead, sum)
}

// ordered is how many of so many cycles a second are left when some viewers make way.
func (d Demand) ordered(a, dead, cycles float64) float64 {
	cycle := 1 / cycles
	if d.Yields <= 0 || dead >= d.Every || cycle >= d.Every {
		return cycles
	}
	// Viewers have been there for as long, and are watched for as long, as those of a simulation.
	const since, watched = 75, 60
	later := math.Ceil(d.Every/cycle)*cycle - d.Every
	done := min(max((since+watched-dead/later*d.Every)/watched, 0), 1)
	if done == 0 {
		return cycles
	}
	const starts, periods = 8, 32
	others, n := a*(1-min(d.Yields, 1)), 0.0
	for i := range starts {
		expiry := dead * (float64(i) + .5) / starts // after the object has changed
		for range periods {
			wait := max(0, dead-expiry)
			if others*wait > 1e-9 {
				wait = -math.Expm1(-others*wait) / others
			}
			first := expiry + wait
			whole := math.Ceil((d.Every - first) / cycle)
			n += whole
			expiry = first + whole*cycle - d.Every
		}
	}
	return (1-done)*cycles + done*min(cycles, n/(starts*periods*d.Every))
}

// few is up to how many viewers in the mean the chance of their number matters.
const few = 150
