package nights

import (
	"math"
	"slices"

	"hlsload/player/draw"
	"hlsload/reports"
)

// drawn is how often nights are drawn for a bootstrap.
const drawn = 400

var drawRule = draw.NewRule("nights.shift")

// cell is a group of sessions with one value, in ms.
type cell struct {
	value float64
	count float64
	night int
}

// sample are the sessions of some nights, in the order of their values.
type sample struct {
	cells []cell
	never []float64 // of each night, to how many it never happened
}

// add takes the sessions of a night.
func (s *sample) add(m *Measure) bool {
	var h reports.Histogram
	if m.Hist == "" || h.MergeEncoded(m.Hist) != nil {
		return false
	}
	night := len(s.never)
	for least, n := range h.Cells {
		s.cells = append(s.cells, cell{float64(least) / 1000, float64(n), night})
	}
	s.never = append(s.never, float64(max(m.Never, 0)))
	return true
}

// deciles are those from the first to the ninth, with each night as often as weight says.
func (s *sample) deciles(weight []float64) (d [9]float64) {
	total := 0.
	for i, n := range s.never {
		total += weight[i] * n
	}
	for _, c := range s.cells {
		total += weight[c.night] * c.count
	}
	sum, next := 0., 0
	for _, c := range s.cells {
		sum += weight[c.night] * c.count
		for next < len(d) && sum >= total*float64(next+1)/10-1e-9 && sum > 0 {
			d[next] = c.value
			next++
		}
	}
	for ; next < len(d); next++ {
		d[next] = math.Inf(1)
	}
	return d
}

// shift is how far the deciles of the sessions have moved (the shift function of Doksum
// 1974). The nights are drawn for the bootstrap, not the sessions, since those of a night
// are not independent (Davison and Hinkley 1997, section 3.8); and the new night is as far
// from its own mean as one of the base is from theirs.
func (s *series) shift(j *judge) []Quantile {
	var base, now sample
	for i := range j.used {
		if m := j.used[i].measure(s.Name); m != nil {
			base.add(m)
		}
	}
	if len(base.never) == 0 || !now.add(s.Measure) {
		return []Quantile{}
	}
	slices.SortStableFunc(base.cells, func(a, b cell) int {
		if a.value < b.value {
			return -1
		}
		if a.value > b.value {
			return 1
		}
		return 0
	})
	n := len(base.never)
	all := slices.Repeat([]float64{1}, n)
	before, after := base.deciles(all), now.deciles([]float64{1})
	var differences [9][]float64
	if n >= fewest {
		seed := draw.Seed(j.how.Seed)
		single := make([][9]float64, n)
		for i := range n {
			one := make([]float64, n)
			one[i] = 1
			single[i] = base.deciles(one)
		}
		ordinal := uint64(0)
		pick := func() int {
			ordinal++
			return min(int(seed.Uniform(drawRule, ordinal)*float64(n)), n-1)
		}
		for range drawn {
			weight := make([]float64, n)
			for range n {
				weight[pick()]++
			}
			d, one := base.deciles(weight), single[pick()]
			for q := range d {
				differences[q] = append(differences[q], after[q]-d[q]-(one[q]-before[q]))
			}
		}
	}
	var shift []Quantile
	for q := range before {
		low, high := NoLevel, NoLevel
		if v := differences[q]; len(v) > 0 && !slices.ContainsFunc(v, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }) {
			slices.Sort(v)
			low, high = Level(v[drawn*25/1000]), Level(v[drawn*975/1000])
		}
		shift = append(shift, Quantile{Q: float64(q+1) / 10, Base: Level(before[q]), New: Level(after[q]), Low: low, High: high})
	}
	return shift
}
