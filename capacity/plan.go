package capacity

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/draw"
	"hlsload/rig"
)

// Plan is an event.
type Plan struct {
	Curve   []Point       // viewers over time, linear between the points; in order of time
	Session time.Duration // mean length of a session (exponential); 0 = viewers stay
	Regions []Region
	// Shields is how many caches of the shield fetch separately, where the channel has a shield;
	// 0 = 1.
	Shields int

	Channel  rig.Config // its POPs are those of a simulation; those of the event are in Regions
	Cohorts  []audience.Cohort
	Profiles []*player.Profile // by cohort
	Entry    []float64         // see [audience.Config]
	Cautious bool              // players do not storm
	Faults   []chaos.Fault     // each by itself, at Onset; At does not matter
	Together bool              // all of them, as far apart as their At, the first at Onset
	Onset    *time.Duration    // when they begin, on the time of the curve; nil = in the busiest minute
	// PerViewer: something of the viewer is part of the cache key, so that no cache has an answer for
	// another viewer, or for the same one again.
	PerViewer bool
	Seed      draw.Seed
}

// Point is a number of viewers at an instant.
type Point struct {
	At      time.Duration
	Viewers float64
}

// Region is a part of the audience with caches of its own.
type Region struct {
	Name  string
	Share float64 // of the viewers; all add up to 1
	Pops  int     // points of presence
	// Weights are the shares of the POPs; they add up to 1. Nil: by rank as 1/rank^Rank.
	Weights []float64
	Rank    float64 // 0 = equal
	Nodes   int     // caches of a POP that fetch separately; 0 = 1
	// Regional is the regional caches behind the POPs; 0 = none. All regions have some, or none has.
	Regional int
}

// Bounds of a plan.
const (
	MaxViewers = 1e9
	maxPoints  = 10_000
	maxSpan    = 48 * time.Hour
	maxRegions = 100
	maxPops    = 10_000
	maxNodes   = 1_000
)

// Check reports everything that is wrong with a plan, joined.
func (p *Plan) Check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	p.checkCurve(bad)
	if p.Session < 0 {
		bad("session: mean %v (want 0s for viewers who stay, or more)", p.Session)
	}
	if p.Shields < 0 || p.Shields > maxNodes {
		bad("shield: %d nodes (want 1 to %d)", p.Shields, maxNodes)
	}
	if n := len(p.Curve); p.Onset != nil && n > 0 && (*p.Onset < p.Curve[0].At || *p.Onset > p.Curve[n-1].At) {
		bad("faults: at %v (want %v to %v, as the curve)", *p.Onset, p.Curve[0].At, p.Curve[n-1].At)
	}
	p.checkRegions(bad)
	for _, e := range p.Channel.Check() {
		errs = append(errs, e)
	}
	if n := len(p.Cohorts); n == 0 || len(p.Profiles) != n {
		bad("cohorts: %d, and profiles for %d (want at least one, and a profile for each)", n, len(p.Profiles))
	}
	shares := 0.0
	for i := range p.Cohorts {
		c := &p.Cohorts[i]
		if !(c.Share > 0 && c.Share <= 1) {
			bad("cohort %q: share %g (want more than 0, up to 1)", c.Name, c.Share)
		}
		shares += c.Share
	}
	if len(p.Cohorts) > 0 && !(math.Abs(shares-1) < 1e-6) {
		bad("cohorts: shares add up to %g (want 1)", shares)
	}
	return errors.Join(errs...)
}

func (p *Plan) checkCurve(bad func(string, ...any)) {
	n := len(p.Curve)
	if n < 2 || n > maxPoints {
		bad("curve: %d points (want 2 to %d)", n, maxPoints)
		return
	}
	peak := 0.0
	for i, at := range p.Curve {
		if !(at.Viewers >= 0 && at.Viewers <= MaxViewers) {
			bad("curve: %g viewers at %v (want 0 to %g)", at.Viewers, at.At, float64(MaxViewers))
		}
		if i > 0 && at.At <= p.Curve[i-1].At {
			bad("curve: a point at %v after one at %v (want them in order of time)", at.At, p.Curve[i-1].At)
		}
		peak = max(peak, at.Viewers)
	}
	if span := p.Curve[n-1].At - p.Curve[0].At; span > maxSpan {
		bad("curve: %v long (want at most %v)", span, maxSpan)
	}
	if peak == 0 {
		bad("curve: no viewers at any time (want some)")
	}
}

func (p *Plan) checkRegions(bad func(string, ...any)) {
	if n := len(p.Regions); n == 0 || n > maxRegions {
		bad("regions: %d (want 1 to %d)", n, maxRegions)
		return
	}
	shares := 0.0
	for i := range p.Regions {
		r := &p.Regions[i]
		shares += r.Share
		if !(r.Share >= 0 && r.Share <= 1) {
			bad("region %q: share %g (want 0 to 1)", r.Name, r.Share)
		}
		if r.Pops < 1 || r.Pops > maxPops {
			bad("region %q: %d POPs (want 1 to %d)", r.Name, r.Pops, maxPops)
		}
		if r.Nodes < 0 || r.Nodes > maxNodes || r.Regional < 0 || r.Regional > maxNodes {
			bad("region %q: %d nodes a POP and %d regional caches (want 0 to %d)", r.Name, r.Nodes, r.Regional, maxNodes)
		}
		if r.Regional > 0 != (p.Regions[0].Regional > 0) {
			bad("region %q: %d regional caches, and %d in region %q (want some in all regions, or in none)", r.Name, r.Regional, p.Regions[0].Regional, p.Regions[0].Name)
		}
		if !(r.Rank >= 0 && r.Rank <= 10) {
			bad("region %q: POPs weigh 1/rank^%g (want an exponent from 0 to 10)", r.Name, r.Rank)
		}
		if r.Weights == nil {
			continue
		}
		sum := 0.0
		for _, w := range r.Weights {
			if !(w >= 0 && w <= 1) {
				bad("region %q: a POP with a share of %g (want 0 to 1)", r.Name, w)
			}
			sum += w
		}
		if len(r.Weights) != r.Pops || !(math.Abs(sum-1) < 1e-6) {
			bad("region %q: %d shares that add up to %g (want one for each of %d POPs, and 1)", r.Name, len(r.Weights), sum, r.Pops)
		}
	}
	if !(math.Abs(shares-1) < 1e-6) {
		bad("regions: shares add up to %g (want 1)", shares)
	}
}

// viewers is how many watch at an instant, and how many more each second.
func (p *Plan) viewers(at time.Duration) (n, growth float64) {
	c := p.Curve
	i := sort.Search(len(c), func(i int) bool { return c[i].At > at }) // the next point
	switch i {
	case 0:
		return 0, 0
	case len(c):
		return c[i-1].Viewers, 0
	}
	a, b := c[i-1], c[i]
	growth = (b.Viewers - a.Viewers) / (b.At - a.At).Seconds()
	return a.Viewers + growth*(at-a.At).Seconds(), growth
}

// joins is how many sessions begin a second: those by which the audience grows, and those that
// take the place of others that end.
func (p *Plan) joins(at time.Duration) float64 {
	n, growth := p.viewers(at)
	j := max(0, growth)
	if p.Session > 0 {
		j += n / p.Session.Seconds()
	}
	return j
}
