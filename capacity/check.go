package capacity

import (
	"fmt"
	"math"
	"slices"
	"time"

	"hlsload/capacity/kernel"
)

// Errors are how far a prediction is from what a simulation saw: +0.1 is a tenth too much. A
// figure that neither has is 0.
type Errors struct {
	Edge, Bits, Origin float64 // in the steady state
	// Of the highest rates in the fault. Bits are not compared: the rig counts a body when it is
	// asked for, and viewers receive it as their links allow, which is what an edge has to send.
	PeakEdge, PeakOrigin float64
	// Chance is two standard deviations of what the simulation saw of the origin in the steady state, as a
	// part: of a rendition that one viewer in a thousand watches, a few more or less do much there.
	Chance float64
	// Counted is how many requests the peak of the origin had in the simulation.
	Counted float64
}

// Limit is up to which error a prediction may be extrapolated from.
const Limit = 0.2

// Refusal is why a prediction is refused: the model is too far from a simulation that it has not
// seen.
type Refusal struct {
	What string  // which figure: "edge", "origin peak", …
	By   float64 // +0.1 = the prediction is a tenth too high
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("capacity: predict a simulation that the model has not seen: %s wrong by %+.0f %% (want at most %.0f %%): larger numbers would be a guess",
		r.What, r.By*100, Limit*100)
}

// Refuse is a [*Refusal] for the largest error above [Limit]; nil without one. The origin may be off by
// what is up to chance in the simulation. A peak of n requests at
// the origin may be off by 2√n of them, two standard deviations of a number that is up to chance.
func (e *Errors) Refuse() error {
	worst := Refusal{}
	for _, f := range []Refusal{{"edge", e.Edge}, {"edge bits", e.Bits}, {"origin", e.Origin}, {"edge peak", e.PeakEdge}, {"origin peak", e.PeakOrigin}} {
		limit := Limit
		switch {
		case f.What == "origin":
			limit = max(limit, e.Chance)
		case f.What == "origin peak" && e.Counted > 0:
			limit = max(limit, 2/math.Sqrt(e.Counted))
		}
		if !(math.Abs(f.By) <= limit) && !(math.Abs(f.By) <= math.Abs(worst.By)) {
			worst = f
		}
	}
	if worst.What == "" {
		return nil
	}
	return &worst
}

// off is how far a prediction is from what was seen.
func off(predicted, seen float64) float64 {
	if predicted == seen {
		return 0
	}
	return predicted/seen - 1
}

// Check predicts a sample that the kernel has not seen, and compares.
func Check(p *Plan, k *kernel.Kernel, s Sample, seen *Observed) (*Errors, error) {
	q := p.of(s)
	m, err := ready(q, k)
	if err != nil {
		return nil, err
	}
	steady := m.minute(arriving+settling, arriving+settling+watching)
	e := &Errors{Edge: off(steady.Edge, seen.Edge), Bits: off(steady.Bits, seen.Bits), Origin: off(steady.Origin, seen.Origin)}
	viewers, rates := m.rates(arriving + settling + watching/2)
	e.Chance = 2 * m.chance(viewers, rates) / max(seen.Origin, math.SmallestNonzeroFloat64)
	if s.Fault >= 0 {
		edge, origin := 0.0, 0.0
		for _, o := range p.courses()[s.Fault] {
			w, err := m.worst(&o, arriving+settling+watching)
			if err != nil {
				return nil, err
			}
			edge, origin = max(edge, w.Edge), max(origin, w.Origin)
		}
		e.PeakEdge, e.PeakOrigin = off(edge, seen.PeakEdge), off(origin, seen.PeakOrigin)
		e.Counted = seen.PeakOrigin * float64(window(&p.Channel))
	}
	return e, nil
}

// of is a sample as a plan.
func (p *Plan) of(s Sample) *Plan {
	q := *p
	n := float64(s.Players)
	q.Curve = []Point{{0, 0}, {arriving, n}, {arriving + settling + watching + longest + afterward + time.Hour, n}}
	q.Session, q.Shields, q.Onset, q.PerViewer = 0, 0, nil, false // as the simulation is
	q.Regions = []Region{{Name: "sample", Share: 1, Pops: s.Pops}}
	return &q
}

// chance is the standard deviation of the origin's requests because the number of viewers of a rendition
// is Poisson distributed, here and in the kernel's simulations. A playlist and its segments are asked for by
// the same ones.
func (m *model) chance(viewers float64, rates []kernel.Rate) float64 {
	origin, variance := m.load(rates).Origin, 0.0
	for list, segments := range m.series {
		if segments < 0 || rates[segments].Requests <= 0 {
			continue
		}
		deviation := 1 / math.Sqrt(rates[segments].Requests*m.plan.Channel.Segment.Seconds()) // of its viewers
		by := 0.0
		for _, times := range []float64{1 + deviation, max(0, 1-deviation)} {
			other := slices.Clone(rates)
			for _, i := range []int{list, segments} {
				other[i] = kernel.Rate{}
				kernel.Add(other[i:i+1], rates[i:i+1], times)
			}
			by = max(by, math.Abs(m.load(other).Origin-origin))
		}
		variance += by * by
	}
	return math.Sqrt(variance * (1 + viewers/float64(max(m.kernel.Viewers, 1))))
}
