package answer

import (
	"fmt"
	"math"
	"slices"
	"time"

	"hlsload/capacity"
	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/scenarios"
)

// PlanOf is the plan of an event. Times of its curve are after the start of the event, or before it.
// Each POP, regional cache and shield has as many caches that fetch separately as the event says.
func PlanOf(e *scenarios.Event) capacity.Plan {
	sc := e.Scenario
	p := capacity.Plan{
		Curve: curveOf(e), Session: e.Session, Shields: e.Edge.Nodes, PerViewer: e.Edge.PerViewer,
		Channel: *sc.Target.Rig, Cohorts: slices.Clone(sc.Fleet.Audience.Cohorts), Profiles: sc.Fleet.Profiles, Entry: sc.Target.Entry,
		Seed: draw.Seed(sc.Seed),
	}
	p.Faults, _ = faultsOf(e)
	p.Together = !e.Faults.Each
	if !e.Faults.AtPeak {
		at := e.Faults.At
		p.Onset = &at
	}
	var pops []int
	for i := range e.Regions {
		r := &e.Regions[i]
		pops = append(pops, r.Pops)
		p.Regions = append(p.Regions, capacity.Region{Name: r.Name, Share: r.Share, Pops: r.Pops, Weights: r.Weights, Nodes: e.Edge.Nodes})
	}
	for i, caches := range SharedOut(e.Edge.RegionalCaches, pops) {
		p.Regions[i].Regional = caches * max(e.Edge.Nodes, 1)
	}
	return p
}

// curveOf ends with the event: after its last point the number of viewers stays.
func curveOf(e *scenarios.Event) []capacity.Point {
	var out []capacity.Point
	for _, at := range e.Curve {
		out = append(out, capacity.Point{At: at.At, Viewers: float64(at.Viewers)})
	}
	if _, to := e.Span(); len(out) > 0 && out[len(out)-1].At < to {
		out = append(out, capacity.Point{At: to, Viewers: out[len(out)-1].Viewers})
	}
	return out
}

// SharedOut is so many caches by region, in proportion to their POPs by the largest remainder, and one
// for each at least: [notesOf] says when that makes more of them.
func SharedOut(caches int, pops []int) []int {
	out, all := make([]int, len(pops)), 0
	if caches <= 0 {
		return out
	}
	for _, n := range pops {
		all += n
	}
	rest := make([]float64, len(pops))
	left := caches
	for i, n := range pops {
		part := float64(caches) * float64(n) / float64(max(all, 1))
		out[i] = max(1, int(part))
		rest[i] = part - float64(out[i])
		left -= out[i]
	}
	for ; left > 0; left-- {
		i := slices.Index(rest, slices.Max(rest))
		out[i]++
		rest[i]--
	}
	for ; left < 0; left++ { // those that got one without a claim to it take it from others
		i, least := -1, math.Inf(1)
		for k := range out {
			if out[k] > 1 && rest[k] < least {
				i, least = k, rest[k]
			}
		}
		if i < 0 {
			break
		}
		out[i]--
		rest[i]++
	}
	return out
}

// faultsOf are the faults of the scenario that can be simulated, each once, and what is left out.
func faultsOf(e *scenarios.Event) (faults []chaos.Fault, notes []string) {
	sc := e.Scenario
	for i := range sc.Chaos {
		f := sc.Chaos[i].Fault
		switch vias := f.Kind.Spec().Vias; {
		case !slices.Contains(vias, chaos.ViaRig) && !slices.Contains(vias, chaos.ViaViewer):
			notes = append(notes, fmt.Sprintf("fault %s is not in the figures: its effect cannot be simulated", f.Name))
		case f.Pipeline >= sc.Target.Rig.Pipelines:
			notes = append(notes, fmt.Sprintf("fault %s is not in the figures: the channel has no pipeline %d", f.Name, f.Pipeline))
		default:
			faults = append(faults, f)
		}
	}
	return faults, notes
}

// notesOf says what of an event is not in the figures.
func notesOf(e *scenarios.Event) []string {
	_, left := faultsOf(e)
	notes := append([]string{}, left...)
	if first := e.Curve[0]; first.Viewers > 0 {
		notes = append(notes, fmt.Sprintf("the curve begins with %d viewers: that they all join at once is not in the figures (want a first point with 0 viewers)", first.Viewers))
	}
	if n := e.Edge.RegionalCaches; n > 0 && n < len(e.Regions) {
		notes = append(notes, fmt.Sprintf("%d regional caches for %d regions: counted as one for each region", n, len(e.Regions)))
	}
	if e.Origin.MediaPackage {
		notes = append(notes, "MediaPackage: all renditions are counted at one endpoint; its price is not in the list, and not in the cost")
	}
	return notes
}

// part is the plan between two times, which are whole minutes from the start of the curve.
func part(p *capacity.Plan, from, to time.Duration) *capacity.Plan {
	q := *p
	from, to = max(from, p.Curve[0].At), min(to, p.Curve[len(p.Curve)-1].At)
	q.Curve = []capacity.Point{{At: from, Viewers: viewersAt(p.Curve, from)}}
	for _, at := range p.Curve {
		if at.At > from && at.At < to {
			q.Curve = append(q.Curve, at)
		}
	}
	q.Curve = append(q.Curve, capacity.Point{At: to, Viewers: viewersAt(p.Curve, to)})
	return &q
}

// busy is the plan around its busiest minute and its faults. What joins within two minutes before is in
// it: later, a viewer is in the steady state.
func busy(p *capacity.Plan, f *capacity.Forecast) *capacity.Plan {
	const before = 2 * time.Minute
	from := f.Minutes[f.Busiest].At
	to := from + time.Minute + p.Last()
	if p.Onset != nil {
		from, to = min(from, *p.Onset), max(from+time.Minute, *p.Onset+time.Minute+p.Last())
	}
	first := p.Curve[0].At
	return part(p, first+(from-before-first).Truncate(time.Minute), to)
}

// viewersAt is how many watch at an instant of the curve.
func viewersAt(c []capacity.Point, at time.Duration) float64 {
	for i := 1; i < len(c); i++ {
		if a, b := c[i-1], c[i]; at <= b.At {
			return a.Viewers + (b.Viewers-a.Viewers)*float64(at-a.At)/float64(b.At-a.At)
		}
	}
	return c[len(c)-1].Viewers
}

// scaled is a plan with so many times the viewers.
func scaled(p *capacity.Plan, by float64) *capacity.Plan {
	q := *p
	q.Curve = slices.Clone(p.Curve)
	for i := range q.Curve {
		q.Curve[i].Viewers *= by
	}
	return &q
}
