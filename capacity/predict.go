package capacity

import (
	"fmt"
	"math"
	"slices"
	"time"

	"hlsload/capacity/cache"
	"hlsload/capacity/kernel"
)

// Forecast is what an event asks for.
type Forecast struct {
	Minutes []Minute
	// Busiest is the index of the minute with the most requests at the edge.
	Busiest int
	Worst   []Worst // by fault, in the order of the plan; of faults that come together, by onset
	Classes []kernel.Class
}

// Minute is the mean of a minute.
type Minute struct {
	At      time.Duration
	Viewers float64
	Load
	Regions []RegionLoad // in the order of the plan
}

// RegionLoad is what is asked for in one region.
type RegionLoad struct {
	Name       string
	Viewers    float64
	Edge, Bits float64 // requests and bits a second
}

// Worst is a fault put on the busiest minute, or where the plan says. Of faults that come together, it
// ends when the next one begins.
type Worst struct {
	Fault   string        // several that begin at once have " + " between them
	At      time.Duration // of the onset
	Viewers float64
	// The highest rates over any target duration while the fault acts. A peak of the origin need
	// not be at the same time as that of the edge.
	Edge, Bits, Origin float64
	// Before is the load without the fault.
	Before Load
	// AtPeak is the origin's busiest second.
	AtPeak Load
	Lasts  time.Duration // until edge and origin are within a tenth of the load before
	Slots  []Load        // by second since the onset, where the peak of the edge is the highest
	// Affected is the share of the viewers who notice.
	Affected float64
}

// Predict predicts an event. The kernel must have the cohorts and the faults of the plan.
func Predict(p *Plan, k *kernel.Kernel) (*Forecast, error) {
	m, err := ready(p, k)
	if err != nil {
		return nil, err
	}
	f := &Forecast{Classes: k.Classes}
	first, last := p.Curve[0].At, p.Curve[len(p.Curve)-1].At
	for at := first; at < last; at += time.Minute {
		f.Minutes = append(f.Minutes, m.minute(at, min(at+time.Minute, last)))
		if i := len(f.Minutes) - 1; f.Minutes[i].Edge > f.Minutes[f.Busiest].Edge {
			f.Busiest = i
		}
	}
	onset := f.Minutes[f.Busiest].At
	if p.Onset != nil {
		onset = *p.Onset
	}
	for _, course := range p.courses() {
		for i := range course {
			w, err := m.worst(&course[i], onset+course[i].after)
			if err != nil {
				return nil, err
			}
			f.Worst = append(f.Worst, w)
		}
	}
	return f, nil
}

// ready checks that a plan can be predicted.
func ready(p *Plan, k *kernel.Kernel) (*model, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("capacity: %w", err)
	}
	if len(k.Cohorts) != len(p.Cohorts) {
		return nil, fmt.Errorf("capacity: a kernel of %d cohorts for %d (want the same ones)", len(k.Cohorts), len(p.Cohorts))
	}
	for i := range k.Cohorts {
		if k.Cohorts[i].Name != p.Cohorts[i].Name {
			return nil, fmt.Errorf("capacity: a kernel of cohort %q for cohort %q (want the same one)", k.Cohorts[i].Name, p.Cohorts[i].Name)
		}
	}
	m := newModel(p, k)
	if err := m.path.Check(); err != nil {
		return nil, fmt.Errorf("capacity: %w", err)
	}
	return m, nil
}

// step is how finely a minute is looked at: the curve may bend within it, and viewers who join
// need a minute to settle.
func (m *model) step() time.Duration {
	if c := m.plan.Curve; c[len(c)-1].At-c[0].At > 6*time.Hour {
		return 20 * time.Second
	}
	return 5 * time.Second
}

// minute is the mean of a stretch of the curve.
func (m *model) minute(from, to time.Duration) Minute {
	out := Minute{At: from}
	n, step := 0, m.step()
	for at := from; at < to; at += step {
		v, rates := m.rates(at + min(step, to-at)/2)
		l := m.load(rates)
		out.Viewers += v
		out.Load.plus(&l)
		n++
	}
	out.Viewers /= float64(n)
	out.Load.scale(1 / float64(n))
	out.Regions = m.regions(&out)
	return out
}

// rates is what is asked for at an instant, by class.
func (m *model) rates(t time.Duration) (viewers float64, rates []kernel.Rate) {
	viewers, _ = m.plan.viewers(t)
	rates = make([]kernel.Rate, len(m.steady))
	kernel.Add(rates, m.steady, viewers)
	for i, joined := range m.joined {
		age := time.Duration(i)*kernel.Slot + kernel.Slot/2
		j := m.plan.joins(t-age) * kernel.Slot.Seconds()
		if s := m.plan.Session; s > 0 {
			j *= math.Exp(-age.Seconds() / s.Seconds())
		}
		if j > 0 {
			kernel.Add(rates, joined, j)
		}
	}
	return viewers, rates
}

// regions splits what viewers ask for by region: all watch the same.
func (m *model) regions(of *Minute) []RegionLoad {
	out := make([]RegionLoad, len(m.plan.Regions))
	for i := range out {
		r := &m.plan.Regions[i]
		out[i] = RegionLoad{Name: r.Name, Viewers: r.Share * of.Viewers, Edge: r.Share * of.Edge, Bits: r.Share * of.Bits}
	}
	return out
}

// worst puts a fault on an instant. Of several simulations of it the highest figures count.
func (m *model) worst(o *onset, at time.Duration) (Worst, error) {
	var out Worst
	responses := 0.0
	for i := range m.kernel.Faults {
		response := &m.kernel.Faults[i]
		if response.Name != o.name {
			continue
		}
		w := m.response(o, response, at)
		if responses++; responses == 1 {
			out = w
			continue
		}
		if w.Edge > out.Edge {
			out.Edge, out.Slots = w.Edge, w.Slots
		}
		if w.Origin > out.Origin {
			out.Origin, out.AtPeak = w.Origin, w.AtPeak
		}
		out.Bits, out.Lasts, out.Affected = max(out.Bits, w.Bits), max(out.Lasts, w.Lasts), out.Affected+w.Affected
	}
	if responses == 0 {
		return Worst{}, fmt.Errorf("capacity: fault %s was not simulated (want a kernel of it)", o.name)
	}
	out.Affected /= responses
	return out, nil
}

// response is a fault as it was in one simulation.
func (m *model) response(o *onset, response *kernel.Fault, at time.Duration) Worst {
	viewers, rates := m.rates(at)
	w := Worst{Fault: o.name, At: at, Viewers: viewers, Before: m.load(rates)}
	slots := make([][]kernel.Rate, len(response.Fresh))
	for t := range slots {
		slots[t] = slices.Clone(rates)
	}
	for i := range m.plan.Cohorts {
		share := m.plan.Cohorts[i].Share
		c := &response.Cohorts[i]
		w.Affected += share * c.Affected
		for t, excess := range c.Excess {
			kernel.Add(slots[t], excess, share*viewers)
		}
	}
	w.Slots = seconds(m.loads(viewers, rates, slots, m.fresh(response), response))
	if o.flushes(m.plan) {
		m.flush(&w, rates)
	}
	joined := *m
	joined.path.Collapse = true
	w.measure(&m.plan.Channel, float64(response.Viewers), joined.load(rates).Origin)
	return w
}

// seconds is the means over the seconds of what was looked at more finely.
func seconds(fine []Load) (out []Load) {
	const n = int(time.Second / kernel.Fine)
	for i := 0; i+n <= len(fine); i += n {
		l := Load{}
		for k := range n {
			l.plus(&fine[i+k])
		}
		l.scale(1 / float64(n))
		out = append(out, l)
	}
	return out
}

// fresh is how many objects a second are asked for at first around each slot, in the mean over
// the time of a segment: a healthy rendition has one in that.
func (m *model) fresh(r *kernel.Fault) [][]float64 {
	n := int(m.plan.Channel.Segment / kernel.Fine)
	sum, out := make([]float64, len(m.steady)), make([][]float64, len(r.Fresh))
	add := func(t int, by float64) {
		if t >= 0 && t < len(r.Fresh) {
			for class, objects := range r.Fresh[t] {
				sum[class] += by * objects / float64(n)
			}
		}
	}
	for t := range n - n/2 - 1 {
		add(t, 1)
	}
	for t := range out {
		add(t+n-n/2-1, 1)
		out[t] = slices.Clone(sum)
		add(t-n/2, -1)
	}
	return out
}

// flush adds what caches fetch again that have lost everything. It comes within the time of a
// segment.
func (m *model) flush(w *Worst, rates []kernel.Rate) {
	var total []float64
	for i, c := range m.kernel.Classes {
		s := m.spread
		if s.Every = every(c, &m.plan.Channel); c.Status == 0 && m.rules[i].Keep {
			total = sum(total, m.path.Again(cache.Demand{Rate: max(rates[i].Requests, 0)}, s, m.left, kernel.Step))
		}
	}
	n := min(int(math.Ceil(m.plan.Channel.Segment.Seconds())), len(w.Slots))
	for t := range n {
		l := &w.Slots[t]
		for i, more := range total {
			l.Layers[i] += more / float64(n)
		}
		l.Origin = l.Layers[len(l.Layers)-1]
	}
}
