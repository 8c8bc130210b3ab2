package trend

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Point is a value at an instant.
type Point struct {
	At    time.Duration
	Value float64
}

// Slope is the Theil-Sen slope of points in the order of time, per second; NaN with fewer than
// two instants. It takes the time and the memory of all pairs, so give it at most a thousand.
func Slope(points []Point) float64 {
	slopes := make([]float64, 0, len(points)*(len(points)-1)/2)
	for i := range points {
		for j := i + 1; j < len(points); j++ {
			if dt := (points[j].At - points[i].At).Seconds(); dt > 0 {
				slopes = append(slopes, (points[j].Value-points[i].Value)/dt)
			}
		}
	}
	return median(slopes)
}

// Level is the height of the line with a slope through points, at an instant: the median of what
// each point says of it.
func Level(points []Point, slope float64, at time.Duration) float64 {
	values := make([]float64, len(points))
	for i, p := range points {
		values[i] = p.Value + slope*(at-p.At).Seconds()
	}
	return median(values)
}

// median sorts values and returns the one in the middle; NaN of none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	if n%2 == 1 {
		return values[n/2]
	}
	return (values[n/2-1] + values[n/2]) / 2
}

// least is how many points a test needs: with fewer, the normal distribution that stands for that
// of S is not close enough.
const least = 10

// Rising is the probability that points without a trend rise as much as these do (one-sided), by
// Mann and Kendall with the correction for memory; 1 with fewer than ten points.
func Rising(points []Point) (p float64) {
	n := len(points)
	if n < least {
		return 1
	}
	s := 0
	for i := range points {
		for j := i + 1; j < n; j++ {
			s += cmp.Compare(points[j].Value, points[i].Value)
		}
	}
	variance := float64(n*(n-1)*(2*n+5)) / 18
	sorted := make([]float64, n)
	for i, p := range points {
		sorted[i] = p.Value
	}
	slices.Sort(sorted)
	for i := 0; i < n; {
		j := i
		for ; j < n && sorted[j] == sorted[i]; j++ {
		}
		t := j - i
		variance -= float64(t*(t-1)*(2*t+5)) / 18
		i = j
	}
	if variance <= 0 || s <= 0 {
		return 1
	}
	z := float64(s-1) / math.Sqrt(variance*inflation(points))
	return .5 * math.Erfc(z/math.Sqrt2)
}

// inflation is by how much the variance of S is larger because neighbours are alike: as that of a mean
// of values each of which remembers the one before, (1+ρ)/(1-ρ). ρ is the correlation of the ranks
// of neighbours once the trend is taken out, plus what it is too low by in few values, (1+4ρ)/n. It is
// never below 1, so that values that alternate do not make the test bolder.
func inflation(points []Point) float64 {
	const most = .5 // else the steepest line of a few values would be called chance
	n := float64(len(points))
	ranks := ranksOf(points, Slope(points))
	mean, square, beside := (n+1)/2, 0., 0.
	for i, r := range ranks {
		square += (r - mean) * (r - mean)
		if i > 0 {
			beside += (ranks[i-1] - mean) * (r - mean)
		}
	}
	if square == 0 {
		return 1
	}
	rho := beside / square
	rho = min(max(rho+(1+4*rho)/n, 0), most)
	return (1 + rho) / (1 - rho)
}

// ranksOf are the ranks of the points without their trend; equal ones share the mean of theirs.
func ranksOf(points []Point, slope float64) []float64 {
	n := len(points)
	rest, order := make([]float64, n), make([]int, n)
	for i, p := range points {
		rest[i], order[i] = p.Value-slope*p.At.Seconds(), i
	}
	largest := 0.
	for _, p := range points {
		largest = max(largest, math.Abs(p.Value))
	}
	if unit := max(slices.Max(rest)-slices.Min(rest), largest*1e-6) * 1e-9; unit > 0 {
		for i := range rest { // what is equal but for rounding is equal
			rest[i] = math.Round(rest[i] / unit)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(rest[a], rest[b]) })
	ranks := make([]float64, n)
	for i := 0; i < n; {
		j := i
		for ; j < n && rest[order[j]] == rest[order[i]]; j++ {
		}
		for _, k := range order[i:j] {
			ranks[k] = float64(i+j-1)/2 + 1
		}
		i = j
	}
	return ranks
}
