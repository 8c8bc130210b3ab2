package history

import (
	"cmp"
	"math"
	"slices"

	"github.com/aclements/go-moremath/mathx"
)

// Change points: since when a measure is another one.
//
// The method is that of Hunter and Otava: E-divisive (Matteson and James, "A nonparametric
// approach for multiple change point analysis of multivariate data", JASA 2014) finds the
// best place to divide a series, again and again; a t-test takes the place of the
// permutations, so that the same nights always give the same points (Fleming et al.,
// "Hunter: Using Change Point Detection to Hunt for Performance Regressions", ICPE 2023).
// Points that are weak at first are kept until the series is divided, since a change can
// hide another one; then the weakest is dropped, again and again, until all are strong.
//
// Both look at ranks instead of values (Conover and Iman, "Rank transformations as a bridge
// between parametric and nonparametric statistics", 1981): one odd night has no leverage,
// and "never" is a value.
const (
	// Fewest is how many nights it takes before change points are looked for.
	Fewest = 20
	// shortest is how many nights there are at least on both sides of one.
	shortest = 4
	// Of t-tests: what divides a series further, and what is told. They compare the two
	// parts at the best of many places, so that p is far smaller than the share of false
	// points; that share is measured (docs/nightly.md).
	weak   = 0.1
	strong = 0.0002
	// least is by how much the medians differ at least, relative to that before.
	least = 0.05
)

// split is a place that divides a series: its index is that of the first value after.
type split struct {
	at            int
	p             float64
	before, after float64 // medians of the values up to the neighbouring points
}

// splits are the change points of a series, in its order. Infinite values are more than
// all others.
func splits(values []float64) []split {
	if len(values) < Fewest {
		return nil
	}
	at := divide(values, 0, nil)
	slices.Sort(at)
	for len(at) > 0 {
		worst, p := -1, strong
		for i := range at {
			if q := tested(values, at, i).p; q > p {
				worst, p = i, q
			}
		}
		if worst < 0 {
			break
		}
		at = slices.Delete(at, worst, worst+1)
	}
	var found []split
	for i := range at {
		s := tested(values, at, i)
		if k := settled(values, at, i); k != s.at {
			at[i] = k
			from, to := neighbours(values, at, i)
			s.at, s.before, s.after = k, median(values[from:k]), median(values[k:to])
		}
		if differ(s.before, s.after) {
			found = append(found, s)
		}
	}
	return found
}

// settled is the place near the i-th one, at most so many nights off, that leaves the least
// distances from the medians of both sides: the parts that were compared have a least
// length, so that a change of the last nights is found too early.
func settled(values []float64, at []int, i int) int {
	const off = shortest - 1
	from, to := neighbours(values, at, i)
	most := 0.0 // further away than that is never
	for _, v := range values[from:to] {
		if !math.IsInf(v, 1) {
			most = max(most, 2*v)
		}
	}
	spread := func(part []float64) (sum float64) {
		m := median(part)
		for _, v := range part {
			if v != m {
				sum += min(math.Abs(v-m), most)
			}
		}
		return sum
	}
	best, least := at[i], math.Inf(1)
	for k := max(from+1, at[i]-off); k <= min(to-1, at[i]+off); k++ {
		if s := spread(values[from:k]) + spread(values[k:to]); s < least {
			best, least = k, s
		}
	}
	return best
}

// neighbours are the ends of the parts at the i-th place.
func neighbours(values []float64, at []int, i int) (from, to int) {
	from, to = 0, len(values)
	if i > 0 {
		from = at[i-1]
	}
	if i+1 < len(at) {
		to = at[i+1]
	}
	return from, to
}

// divide adds the places that divide a part of a series which begins at from.
func divide(part []float64, from int, at []int) []int {
	if len(part) < 2*shortest {
		return at
	}
	r := ranks(part)
	k := best(r)
	if student(r[:k], r[k:]) > weak {
		return at
	}
	at = append(at, from+k)
	at = divide(part[:k], from, at)
	return divide(part[k:], from+k, at)
}

// tested is the i-th place, between the neighbouring ones.
func tested(values []float64, at []int, i int) split {
	from, to := neighbours(values, at, i)
	k := at[i]
	r := ranks(values[from:to])
	return split{at: k, p: student(r[:k-from], r[k-from:]), before: median(values[from:k]), after: median(values[k:to])}
}

// differ reports whether two medians are far enough apart to be told.
func differ(before, after float64) bool {
	if math.IsInf(before, 1) || math.IsInf(after, 1) {
		return before != after
	}
	return math.Abs(after-before) > least*math.Abs(before)
}

// best is the place that divides values into the two most different parts by the energy
// statistic, with exponent 1: mn/(m+n) times twice the mean distance between the parts less
// the mean distances within each of them.
func best(x []float64) int {
	n := len(x)
	all, seen := newDistances(x), newDistances(x)
	// between is the sum of the distances between the parts, left and right those within.
	var between, left, right float64
	for _, v := range x {
		right += all.from(v)
		all.add(v)
	}
	at, most := shortest, math.Inf(-1)
	for k := 1; k <= n-shortest; k++ { // x[k-1] goes to the left
		v := x[k-1]
		toLeft := seen.from(v)
		toRight := all.from(v) - toLeft
		seen.add(v)
		between += toRight - toLeft
		left += toLeft
		right -= toRight
		if k < shortest {
			continue
		}
		a, b := float64(k), float64(n-k)
		q := a * b / (a + b) * (2*between/(a*b) - left/(a*(a-1)/2) - right/(b*(b-1)/2))
		if q > most {
			at, most = k, q
		}
	}
	return at
}

// distances are numbers, all of them known beforehand, whose distances from another one can
// be summed fast (Fenwick 1994).
type distances struct {
	sorted []float64
	count  int
	total  float64
	counts []int     // trees: of how many numbers there are up to one
	sums   []float64 // and of their sum
}

func newDistances(x []float64) *distances {
	return &distances{sorted: slices.Compact(slices.Sorted(slices.Values(x))), counts: make([]int, len(x)+1), sums: make([]float64, len(x)+1)}
}

func (d *distances) add(v float64) {
	i, _ := slices.BinarySearch(d.sorted, v)
	for i++; i < len(d.counts); i += i & -i {
		d.counts[i]++
		d.sums[i] += v
	}
	d.count++
	d.total += v
}

// from is the sum of the distances of all numbers from v.
func (d *distances) from(v float64) float64 {
	i, _ := slices.BinarySearch(d.sorted, v)
	n, sum := 0, 0.0
	for i++; i > 0; i -= i & -i {
		n += d.counts[i]
		sum += d.sums[i]
	}
	return v*float64(n) - sum + d.total - sum - v*float64(d.count-n)
}

// ranks are the values' ranks from 1; equal values share the mean of theirs.
func ranks(x []float64) []float64 {
	by := make([]int, len(x))
	for i := range by {
		by[i] = i
	}
	slices.SortFunc(by, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	r := make([]float64, len(x))
	for i := 0; i < len(by); {
		j := i
		for j < len(by) && x[by[j]] == x[by[i]] {
			j++
		}
		for _, k := range by[i:j] {
			r[k] = float64(i+j+1) / 2
		}
		i = j
	}
	return r
}

// student is the two-sided p-value of Student's t-test of equal means.
func student(a, b []float64) float64 {
	n, m := float64(len(a)), float64(len(b))
	meanA, sumA := moments(a)
	meanB, sumB := moments(b)
	variance := (sumA + sumB) / (n + m - 2)
	switch {
	case meanA == meanB:
		return 1
	case variance == 0:
		return 0
	}
	t := (meanA - meanB) / math.Sqrt(variance*(1/n+1/m))
	df := n + m - 2
	return mathx.BetaInc(df/(df+t*t), df/2, .5)
}

// moments are the mean and the sum of the squares of the distances from it.
func moments(x []float64) (mean, squares float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	return mean, squares
}

// median is that of the values; of an even number the mean of the two in the middle.
func median(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(x))
	k := len(s) / 2
	if len(s)%2 == 1 || s[k-1] == s[k] {
		return s[k]
	}
	return (s[k-1] + s[k]) / 2
}
