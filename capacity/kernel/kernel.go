package kernel

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hlsload/player/m3u8"
)

// Rate is requests and bytes a second, and of the requests those that make way; see [Setup].Yields.
type Rate struct{ Requests, Bytes, Yields float64 }

func (r *Rate) add(o Rate, by float64) {
	r.Requests += by * o.Requests
	r.Bytes += by * o.Bytes
	r.Yields += by * o.Yields
}

// Add adds by times the rates of others, class by class.
func Add(to, others []Rate, by float64) {
	for i := range others {
		to[i].add(others[i], by)
	}
}

// Kernel is what viewers ask of the edge. Rates are by class, in the order of Classes.
type Kernel struct {
	Classes []Class
	Cohorts []Cohort
	Faults  []Fault // of each simulation with a fault, one for each onset
	Viewers int     // that were simulated, in all simulations
}

// Cohort is the responses of the viewers of a cohort.
type Cohort struct {
	Name string
	// Steady is what a viewer asks for in the steady state.
	Steady []Rate
	// Join is what one that has joined asks for beyond that, by slot since. It may be
	// negative: what is asked for in the steady state only later.
	Join [][]Rate
	// spread is when its viewers ask for segments.
	spread Spread
}

// Fault is the response to a fault in one simulation, for each viewer who is watching at the onset.
// When in a segment it begins and how viewers are spread over the time between two reloads makes
// another response of it, so that several must not be averaged: that would spread their peaks.
type Fault struct {
	Name    string
	Viewers int        // that were simulated
	Cohorts []Response // by cohort
	// Fresh is the objects that are asked for at first, a second, by slot since the onset and
	// class: of all viewers, it does not grow with their number. Slots are [Fine].
	Fresh [][]float64
	// Herd is how many times as dense as in the mean of a slot the requests of a class come, as
	// the requests themselves see it: 1 if they come independently.
	Herd [][]float64
	// Rush is the first herd of each class.
	Rush []Rush
}

// Rush is a herd that comes for what was not asked for before.
type Rush struct {
	At int // slot
	// Requests is how many come in [RushSlots] from then on, for each viewer of a cohort who is watching
	// at the onset, and Came how many of them by the end of each [Tick] after the first. Nil: there is
	// no herd.
	Requests []float64
	Came     []Came
}

// Of is a herd of so many viewers with such shares of the cohorts: how many requests come, and when.
func (r *Rush) Of(viewers float64, shares []float64) (requests float64, came Came) {
	if r.Came == nil {
		return 0, nil
	}
	came = make(Came, cameSteps)
	for i, share := range shares {
		requests += viewers * share * r.Requests[i]
		for t, n := range r.Came[i] {
			came[t] += viewers * share * n
		}
	}
	for t := range came {
		came[t] /= max(requests, 1e-9)
	}
	return requests, came
}

// RushSlots is how many slots of [Fine] a [Rush] may be spread over.
const RushSlots = 3

// Response is what a viewer of a cohort asks for beyond the steady state, by slot of [Fine] since
// the onset.
type Response struct {
	Affected float64 // share of the viewers
	Excess   [][]Rate
}

// Of makes a kernel of what one or several recorders have counted. The recorders take nothing
// afterwards.
func Of(recorders ...*Recorder) (*Kernel, error) {
	if len(recorders) == 0 {
		return nil, errors.New("kernel: no simulation")
	}
	s := &recorders[0].setup
	k := &Kernel{}
	sum := make([]counts, len(s.Cohorts))
	for _, r := range recorders {
		if !slices.Equal(r.setup.Cohorts, s.Cohorts) || r.setup.Settled != s.Settled {
			return nil, fmt.Errorf("kernel: simulations of cohorts %q, settled after %v, and of %q, settled after %v (want the same)", s.Cohorts, s.Settled, r.setup.Cohorts, r.setup.Settled)
		}
		r.end()
		to := k.renumber(r)
		for i := range sum {
			sum[i].merge(&r.cohorts[i], to)
			k.Viewers += int(r.cohorts[i].watching)
		}
	}
	for i := range sum {
		if sum[i].steadily <= 0 || sum[i].joins <= 0 {
			return nil, fmt.Errorf("kernel: cohort %q has no viewer in the steady state (want more viewers, or a longer simulation)", s.Cohorts[i])
		}
		k.Cohorts = append(k.Cohorts, sum[i].responses(s.Cohorts[i], len(k.Classes)))
	}
	for _, r := range recorders {
		if r.setup.Fault != "" {
			k.Faults = append(k.Faults, k.parted(r)...)
		}
	}
	return k, nil
}

// renumber adds the classes of a recorder, and returns where each of them is.
func (k *Kernel) renumber(r *Recorder) []int {
	to := make([]int, len(r.classes))
	for i, c := range r.classes {
		if to[i] = slices.Index(k.Classes, c); to[i] < 0 {
			to[i] = len(k.Classes)
			k.Classes = append(k.Classes, c)
		}
	}
	return to
}

// merge adds what another simulation has counted of the same cohort, without its fault.
func (c *counts) merge(o *counts, to []int) {
	c.steady = plus(c.steady, o.steady, to)
	c.steadily += o.steadily
	c.joins += o.joins
	c.spread.add(&o.spread, 1)
	c.join = grown(c.join, len(o.join))
	for i := range o.join {
		c.join[i] = plus(c.join[i], o.join[i], to)
	}
}

func plus(sum, o []Count, to []int) []Count {
	for i, n := range o {
		sum = grown(sum, to[i]+1)
		sum[to[i]].Requests += n.Requests
		sum[to[i]].Bytes += n.Bytes
		sum[to[i]].Yields += n.Yields
	}
	return sum
}

// rates divides counts, and takes away what is to be expected.
func rates(n []Count, by float64, without []Rate, classes int) []Rate {
	out := make([]Rate, classes)
	for i := range out {
		if i < len(n) {
			out[i] = Rate{n[i].Requests / by, n[i].Bytes / by, n[i].Yields / by}
		}
	}
	if without != nil {
		Add(out, without, -1)
	}
	return out
}

// responses are those of a cohort to no fault.
func (c *counts) responses(name string, classes int) Cohort {
	out := Cohort{Name: name, spread: c.spread, Steady: rates(c.steady, c.steadily.Seconds(), nil, classes)}
	for _, slot := range c.join {
		out.Join = append(out.Join, rates(slot, c.joins*Slot.Seconds(), out.Steady, classes))
	}
	return out
}

// fault is the response to the fault of a recorder.
func (k *Kernel) fault(r *Recorder) *Fault {
	f := &Fault{Name: r.setup.Fault, Cohorts: make([]Response, len(k.Cohorts))}
	to, classes := k.renumber(r), len(k.Classes)
	for i := range f.Cohorts {
		c, out := &r.cohorts[i], &f.Cohorts[i]
		f.Viewers += int(c.watching)
		counted := even(c.fault, c.steady, max(c.watching, 1)*Fine.Seconds()/max(c.steadily.Seconds(), 1))
		for t := range c.fault {
			slot := plus(nil, counted[t], to)
			out.Excess = append(out.Excess, rates(slot, max(c.watching, 1)*Fine.Seconds(), k.Cohorts[i].Steady, classes))
			f.Fresh = grown(f.Fresh, t+1)
			f.Fresh[t] = grown(f.Fresh[t], classes)
			for class, n := range c.fresh[t] {
				f.Fresh[t][to[class]] += n / Fine.Seconds()
			}
		}
	}
	all := r.crowd()
	for t := range f.Fresh {
		f.Herd = append(f.Herd, slices.Repeat([]float64{1}, classes))
		for class, dense := range all {
			f.Herd[t][to[class]] = max(1, density(dense, t))
		}
	}
	f.Rush = k.rushes(r, 0, len(f.Fresh))
	return f
}

// rushes are the first herds between two slots, by class.
func (k *Kernel) rushes(r *Recorder, from, end int) []Rush {
	to, out := k.renumber(r), make([]Rush, len(k.Classes))
	for class, dense := range r.crowd() {
		out[to[class]] = r.rush(class, dense[:min(len(dense), end*slotted)], from)
	}
	return out
}

// even spreads what is asked for so rarely that a slot has one request or none: of more viewers it
// would be asked for all the time. That is classes with fewer than five requests a slot in the steady
// state, expected as their steady counts times a factor. What comes in a burst stays as it is.
func even(slots [][]Count, steady []Count, factor float64) [][]Count {
	const many, longest = 5, 100 // requests a slot; slots
	out := make([][]Count, len(slots))
	for t := range slots {
		out[t] = slices.Clone(slots[t])
	}
	for class := range steady {
		usual := steady[class].Requests * factor
		if usual <= 0 || usual >= many {
			continue
		}
		rare := func(t int) bool { return class >= len(slots[t]) || slots[t][class].Requests <= 2*many+many*usual }
		half := int(min(longest, math.Ceil(many/usual))) / 2
		sum, n := Count{}, 0.0
		add := func(t int, by float64) {
			if t < 0 || t >= len(slots) || !rare(t) {
				return
			}
			n += by
			if class < len(slots[t]) {
				sum.Requests += by * slots[t][class].Requests
				sum.Bytes += by * slots[t][class].Bytes
				sum.Yields += by * slots[t][class].Yields
			}
		}
		for t := range half {
			add(t, 1)
		}
		for t := range slots {
			add(t+half, 1)
			if rare(t) {
				out[t] = grown(out[t], class+1)
				out[t][class] = Count{max(0, sum.Requests/n), max(0, sum.Bytes/n), max(0, sum.Yields/n)}
			}
			add(t-half, -1)
		}
	}
	return out
}

// enough is of how many requests in a slot it can be told how they come.
const enough = 50

// crowd is from which density on requests are a herd.
const crowd = 2

// density is how dense the requests of a slot are: the mean over requests of how many others come
// in the same instant, divided by how many that are if all are spread over the slot.
func density(dense []uint32, slot int) float64 {
	n, pairs := 0.0, 0.0
	for i := slot * slotted; i < min((slot+1)*slotted, len(dense)); i += ticks {
		x := 0.0
		for _, m := range dense[i:min(i+ticks, len(dense))] {
			x += float64(m)
		}
		n += x
		pairs += x * (x - 1)
	}
	if n < enough {
		return 1
	}
	return pairs / (n * n) * float64(instants)
}

// crowd is the requests of all cohorts.
func (r *Recorder) crowd() (all [][]uint32) {
	for i := range r.cohorts {
		for class, dense := range r.cohorts[i].dense {
			all = grown(all, class+1)
			all[class] = grown(all[class], len(dense))
			for t, n := range dense {
				all[class][t] += n
			}
		}
	}
	return all
}

// rush is the first herd of a class from a slot on, of whose requests all has the number.
func (r *Recorder) rush(class int, all []uint32, begin int) Rush {
	t := begin
	for ; density(all, t) <= crowd; t++ {
		if t*slotted >= len(all) {
			return Rush{}
		}
	}
	from := max(begin, t-1) * slotted // it may have begun in the slot before
	for all[from] == 0 {
		from++
	}
	slot := from / slotted
	out := Rush{At: slot - begin}
	for i := range r.cohorts {
		c := &r.cohorts[i]
		sum, came := 0.0, make(Came, cameSteps)
		for t := range (slot+RushSlots)*slotted - from {
			if class < len(c.dense) && from+t < len(c.dense[class]) {
				sum += float64(c.dense[class][from+t]) / max(c.watching, 1)
			}
			if t < cameSteps {
				came[t] = sum
			}
		}
		out.Requests, out.Came = append(out.Requests, sum), append(out.Came, came)
	}
	return out
}

// Share is how much of the time a viewer of a cohort watches a rendition of any pipeline, by
// the segments that are asked for; audio by itself is in none.
func (k *Kernel) Share(cohort, rendition, renditions int) float64 {
	all, of := 0.0, 0.0
	for i, c := range k.Classes {
		if c.Kind != m3u8.KindSegment || c.Status != 0 || int(c.Rendition) >= renditions {
			continue
		}
		n := k.Cohorts[cohort].Steady[i].Requests
		all += n
		if int(c.Rendition) == rendition {
			of += n
		}
	}
	if all == 0 {
		return 0
	}
	return of / all
}

// Noise is by what part the highest of so many seconds exceeds the mean because of chance alone,
// with so many requests a second in the mean that come independently: the expected maximum of S
// normal deviates is about √(2 ln S) standard deviations, and the standard deviation of a Poisson
// number is √μ. It is an upper bound for players, who ask like clocks.
func Noise(mean float64, seconds int) float64 {
	if !(mean > 0) || seconds < 2 {
		return 0
	}
	return math.Sqrt(2 * math.Log(float64(seconds)) / mean)
}
