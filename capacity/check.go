package capacity

import (
	"fmt"
	"math"
	"time"

	"hlsload/capacity/kernel"
)

// Errors are how far a prediction is from what a simulation saw: +0.1 is a tenth too much. A
// figure that neither has is 0.
type Errors struct {
	Edge, Bits, Origin             float64 // in the steady state
	PeakEdge, PeakBits, PeakOrigin float64 // in the fault
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

// figures are the errors with their names.
func (e *Errors) figures() [6]Refusal {
	return [...]Refusal{{"edge", e.Edge}, {"edge bits", e.Bits}, {"origin", e.Origin}, {"edge peak", e.PeakEdge}, {"peak of edge bits", e.PeakBits}, {"origin peak", e.PeakOrigin}}
}

// Refuse is a [*Refusal] for the largest error, if that is above [Limit]; nil otherwise.
func (e *Errors) Refuse() error {
	worst := Refusal{}
	for _, f := range e.figures() {
		if math.Abs(f.By) > math.Abs(worst.By) || math.IsNaN(f.By) {
			worst = f
		}
	}
	if math.Abs(worst.By) <= Limit {
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
	if f, ok := p.fault(s); ok {
		w, err := m.worst(&f, f.At)
		if err != nil {
			return nil, err
		}
		e.PeakEdge, e.PeakBits, e.PeakOrigin = off(w.Edge, seen.PeakEdge), off(w.Bits, seen.PeakBits), off(w.Origin, seen.PeakOrigin)
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
