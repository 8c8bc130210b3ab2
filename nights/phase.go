package nights

import (
	"math"
	"slices"

	"hlsload/reports/figure"
)

// What an onset meets depends on how long ago the last segment was due: a pipeline that is
// killed just after a segment is missed a whole segment later than one that is killed just
// before. All occurrences of a night can have one phase, so this is no noise that more
// occurrences would even out. Values are therefore compared with what the base has at the
// same phase: a curve through its values, a straight line near each phase (Cleveland 1979).

// nearest is the part of the base's values that a curve is made of at a phase.
const nearest = .35

// Of so many values a curve is made: fewer say too little, and more need none.
const (
	fewestAtPhases = 8
	mostAtPhases   = 3000
)

// taken is a value at a phase, of a night.
type taken struct {
	phase, value float64
	night        int
}

// residuals replace the values by how far they are from a curve through those of the base.
// Values of a night have no part in what that night is compared with. It returns false,
// and changes nothing, where phases are not known or explain little.
func (s *series) residuals() bool {
	if len(s.nowPhases) == 0 || len(s.base) < fewest {
		return false
	}
	var all []taken
	for i, v := range s.base {
		if len(s.phases[i]) != len(v) {
			return false
		}
		for k, x := range v {
			if !math.IsInf(x, 0) {
				all = append(all, taken{s.phases[i][k], x, i})
			}
		}
	}
	if len(all) < fewestAtPhases || len(all) > mostAtPhases {
		return false
	}
	slices.SortFunc(all, func(a, b taken) int {
		if a.phase < b.phase {
			return -1
		}
		if a.phase > b.phase {
			return 1
		}
		return 0
	})
	var before, after []float64
	base := make([][]float64, len(s.base))
	for i, v := range s.base {
		for k, x := range v {
			r := settle(x - curve(all, s.phases[i][k], i))
			base[i] = append(base[i], r)
			if !math.IsInf(x, 0) {
				before, after = append(before, x), append(after, r)
			}
		}
	}
	_, spread := moments(before)
	if _, rest := moments(after); rest > .9*spread {
		return false
	}
	now := make([]float64, len(s.now))
	for k, x := range s.now {
		now[k] = settle(x - curve(all, s.nowPhases[k], -1))
	}
	s.base, s.now = base, now
	return true
}

// settle makes numbers equal that are so but for the last bits.
func settle(x float64) float64 { return figure.Round(x, 6) }

// curve is the value at a phase by those near it, but for those of one night. The values
// are in the order of their phases.
func curve(all []taken, phase float64, without int) float64 {
	var near []taken
	for _, t := range all {
		if t.night != without {
			near = append(near, t)
		}
	}
	n := max(int(math.Ceil(nearest*float64(len(near)))), min(6, len(near)))
	distances := make([]float64, len(near))
	for i, t := range near {
		distances[i] = math.Abs(t.phase - phase)
	}
	slices.Sort(distances)
	reach := distances[n-1] * 1.001
	var w, x, y, xx, xy float64
	for _, t := range near {
		d := t.phase - phase
		if math.Abs(d) > reach {
			continue
		}
		weight := 1.
		if reach > 0 {
			weight = math.Pow(1-math.Pow(math.Abs(d)/reach, 3), 3)
		}
		w, x, y, xx, xy = w+weight, x+weight*d, y+weight*t.value, xx+weight*d*d, xy+weight*d*t.value
	}
	mx, my := x/w, y/w
	spread := xx/w - mx*mx
	if spread < 1e-4 { // they all have one phase
		return my
	}
	slope := (xy/w - mx*my) / spread
	return my - slope*mx
}
