package nights

import (
	"math"
	"slices"
	"time"
)

// The quantities of a [Timing].
const (
	detection = iota
	failover
	outage
	startup
	stalledTime
	bitrate
)

var timingNames = [...]string{"detection", "failover", "outage", "startup", "stalled time", "bitrate"}

// timingKey is a quantity, of a fault or of the whole run.
type timingKey struct{ fault, of int }

// timing collects the pairs of a quantity.
type timing struct {
	Timing
	base, now []float64
	changes   []float64 // of those that changed, with an end on both sides; more is worse
}

// time counts a pair: milliseconds, or bit/s; NaN = not measured, and no pair; +Inf = never.
func (p *pairing) time(k timingKey, base, now float64, c *change) {
	if math.IsNaN(base) || math.IsNaN(now) {
		return
	}
	t := p.timings[k]
	if t == nil {
		t = new(timing)
		p.timings[k] = t
	}
	t.Pairs++
	t.base, t.now = append(t.base, base), append(t.now, now)
	worse, least := now-base, 1.
	if k.of == bitrate {
		worse, least = -worse, .01*base
	}
	switch never, neverBefore := math.IsInf(now, 1), math.IsInf(base, 1); {
	case never && neverBefore:
		return
	case never:
		t.Stopped++
		t.Worse++
		return
	case neverBefore:
		t.Began++
		t.Better++
		return
	}
	switch {
	case worse > least:
		t.Worse++
	case worse < -least:
		t.Better++
	default:
		return
	}
	t.changes = append(t.changes, worse)
	if worse > float64(t.Largest) {
		t.Largest, t.Player, t.Session = Level(worse), c.player, int(c.session)
	}
}

// conclude sums it up.
func (t *timing) conclude(k timingKey, target time.Duration) Timing {
	t.Unit = "ms"
	if k.of == bitrate {
		t.Unit = "bit/s"
	}
	t.Median = Level(math.NaN())
	if n := len(t.changes); n > 0 {
		slices.Sort(t.changes)
		t.Median = Level((t.changes[(n-1)/2] + t.changes[n/2]) / 2)
	}
	base, now := t.quantile(t.base, k), t.quantile(t.now, k)
	t.BaseP95, t.NewP95 = Level(base), Level(now)
	switch k.of {
	case failover, outage:
		t.Slower = t.Worse > t.Better && now-base > max(leastChange*base, leastReloads*float64(target/time.Millisecond)/2)
	case startup:
		t.Slower = t.Worse > t.Better && now-base > max(leastChange*base, leastStartup)
	}
	return t.Timing
}

// The least changes that count: relative ones; of what depends on playlists, a part of the
// time after which a player asks again for one that has not changed (half a target duration,
// rfc8216bis 6.3.4); milliseconds of a startup.
const (
	leastChange  = .10
	leastReloads = .25
	leastStartup = 100
)

// quantile is the 95th percentile to the worse.
func (t *timing) quantile(of []float64, k timingKey) float64 {
	slices.Sort(of)
	rank := int(math.Ceil(.95*float64(len(of)))) - 1
	if k.of == bitrate {
		rank = len(of) - 1 - rank
	}
	return of[rank]
}

// mcnemar is the probability of so unequal numbers, or more so, among pairs that changed by
// chance: the exact test of McNemar, two-sided, which is the binomial test of a half.
func mcnemar(lost, gained int) float64 {
	n, k := lost+gained, min(lost, gained)
	if 2*k == n {
		return 1
	}
	choose := func(n, k float64) float64 { // its logarithm
		a, _ := math.Lgamma(n + 1)
		b, _ := math.Lgamma(k + 1)
		c, _ := math.Lgamma(n - k + 1)
		return a - b - c
	}
	term := math.Exp(choose(float64(n), float64(k)) - float64(n)*math.Ln2)
	sum := 0.
	for ; k >= 0 && term > sum*1e-17; k-- {
		sum += term
		term *= float64(k) / float64(n-k+1)
	}
	return min(1, 2*sum)
}
