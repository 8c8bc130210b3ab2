package trend

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var draws = flag.Int("draws", 400, "how many series of a day are drawn for each kind of noise")

func line(values ...float64) (points []Point) {
	for i, v := range values {
		points = append(points, Point{time.Duration(i) * time.Second, v})
	}
	return points
}

// TestSlope: Sen (Journal of the American Statistical Association 63, 1968) gives the median of all
// pairs; one value far out does not move it.
func TestSlope(t *testing.T) {
	for _, tc := range []struct {
		points []Point
		want   float64
	}{
		{line(1, 3, 5, 7), 2},
		{line(1, 3, 5, 700, 9, 11, 13), 2},
		{line(4, 4, 4), 0},
		{line(5), math.NaN()},
		{[]Point{{0, 1}, {time.Second, 2}, {2 * time.Second, 3}, {2 * time.Second, 5}}, 1}, // no slope within an instant
	} {
		if got := Slope(tc.points); got != tc.want && !(math.IsNaN(got) && math.IsNaN(tc.want)) {
			t.Errorf("%v: slope %v; want %v", tc.points, got, tc.want)
		}
	}
	if got := Level(line(1, 3, 5, 700, 9), 2, 10*time.Second); got != 21 {
		t.Errorf("level at 10 s %v; want 21", got)
	}
}

// TestRising has the values of Hollander and Wolfe and of hand counts: S = 29 of 45 pairs, no ties,
// var S = 125, z = 28/11.18.
func TestRising(t *testing.T) {
	for _, tc := range []struct {
		points []Point
		want   float64
	}{
		{line(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), .5 * math.Erfc(44/math.Sqrt(125)/math.Sqrt2)},
		{line(2, 1, 4, 3, 6, 5, 8, 7, 10, 9), .5 * math.Erfc(34/math.Sqrt(125)/math.Sqrt2)},
		// Four pairs of ties: var S = (10·9·25 - 4·2·1·9)/18 = 121, and S = 31.
		{line(2, 1, 3, 2, 4, 3, 5, 4, 6, 5), .5 * math.Erfc(30/math.Sqrt(121)/math.Sqrt2)},
		{line(10, 9, 8, 7, 6, 5, 4, 3, 2, 1), 1},
		{line(3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3), 1},
		{line(1, 2, 3, 4, 5, 6, 7, 8, 9), 1}, // too few
	} {
		if got := Rising(tc.points); math.Abs(got-tc.want) > 1e-12 {
			t.Errorf("%v: p %v; want %v", tc.points, got, tc.want)
		}
	}
}

// TestRisingProperties: the test sees only the order of the values, so what keeps the order keeps p;
// and no values break it.
func TestRisingProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(-20, 20), 0, 40).Draw(t, "values")
		var points, stretched []Point
		for i, v := range values {
			at := time.Duration(i) * time.Second
			points, stretched = append(points, Point{at, float64(v)}), append(stretched, Point{at, float64(3*v + 7)})
		}
		p, q := Rising(points), Rising(stretched)
		if !(p >= 0 && p <= 1) || math.Abs(p-q) > 1e-9 {
			t.Fatalf("p %v, and %v of the same order", p, q)
		}
		if g := Look(points, 40*time.Second, Bound{}); g.Grows && !(g.PerDay > 0) {
			t.Fatalf("%+v", g)
		}
	})
}

// memory is what this program uses in the tests below: about 100 MB, looked at every 10 s.
var memory = Bound{Share: .05, Least: 8e6}

const sampling = 10 * time.Second

// remembering is noise of which each value remembers the one before.
func remembering(random *rand.Rand, phi, sd float64) func() float64 {
	x := sd * random.NormFloat64()
	return func() float64 {
		x = phi*x + sd*math.Sqrt(1-phi*phi)*random.NormFloat64()
		return x
	}
}

// noises are series without a trend. What they do takes at most a tenth of the run: what takes longer looks
// like growth, and nothing can be said of it. Over a day the noise is a tenth of the level, over 20 minutes
// 3 %.
var noises = map[string]func(random *rand.Rand, length time.Duration) func(at time.Duration) float64{
	"independent": func(random *rand.Rand, length time.Duration) func(time.Duration) float64 {
		return func(time.Duration) float64 { return 100e6 + loud(length)*random.NormFloat64() }
	},
	"remembers 95 s": func(random *rand.Rand, length time.Duration) func(time.Duration) float64 {
		next := remembering(random, .9, loud(length))
		return func(time.Duration) float64 { return 100e6 + next() }
	},
	"remembers a tenth": func(random *rand.Rand, length time.Duration) func(time.Duration) float64 {
		next := remembering(random, math.Exp(-float64(sampling)/float64(min(length/10, 8*time.Minute))), loud(length))
		return func(time.Duration) float64 { return 100e6 + next() }
	},
	"saw teeth of a heap": func(random *rand.Rand, length time.Duration) func(time.Duration) float64 {
		period, phase := time.Duration(20+random.IntN(int(length.Seconds()/10)))*time.Second, time.Duration(random.IntN(2000))*time.Second
		return func(at time.Duration) float64 {
			return 60e6 + 60e6*float64((at+phase)%period)/float64(period) + 2e6*random.NormFloat64()
		}
	},
	"fills up": func(random *rand.Rand, length time.Duration) func(time.Duration) float64 {
		next, within := remembering(random, .9, 2e6), (.01+.04*random.Float64())*min(length, 2*time.Hour).Seconds()
		return func(at time.Duration) float64 { return 100e6 - 60e6*math.Exp(-at.Seconds()/within) + next() }
	},
	"a few descriptors": func(random *rand.Rand, length time.Duration) func(time.Duration) float64 {
		next := remembering(random, .9, loud(length)/3e6)
		return func(time.Duration) float64 { return math.Round(40 + next()) }
	},
	"stands still": func(*rand.Rand, time.Duration) func(time.Duration) float64 {
		return func(time.Duration) float64 { return 42 }
	},
}

// loud is how large the noise of a run of a length is.
func loud(length time.Duration) float64 {
	if length < time.Hour {
		return 3e6
	}
	return 10e6
}

func drawn(length time.Duration, value func(time.Duration) float64) []Point {
	var s Series
	for at := time.Duration(0); at < length; at += sampling {
		s.Add(at, value(at))
	}
	return s.Points()
}

// TestFalseAlarms: of series without a trend, fewer than 1 % are said to grow, of a day and of 20
// minutes; and the test alone, without the bound, is wrong in about as many as it says.
func TestFalseAlarms(t *testing.T) {
	for name, noise := range noises {
		for _, length := range []time.Duration{20 * time.Minute, 24 * time.Hour} {
			n, alarms, significant := *draws, 0, 0
			if length < time.Hour {
				n *= 5
			}
			bound := memory
			if name == "a few descriptors" {
				bound = Bound{Share: .05, Least: 20}
			}
			for seed := range n {
				g := Look(drawn(length, noise(rand.New(rand.NewPCG(uint64(seed), 1)), length)), length, bound)
				if !g.Enough {
					t.Fatalf("%s over %v: %+v", name, length, g)
				}
				if g.Grows {
					alarms++
				}
				if g.P < Significant {
					significant++
				}
			}
			t.Logf("%s over %v: %d of %d said to grow, %d significant", name, length, alarms, n, significant)
			if alarms*100 >= n {
				t.Errorf("%s over %v: %d of %d are said to grow; want fewer than 1 %%", name, length, alarms, n)
			}
		}
	}
}

// TestLeaksAreFound plants a leak in each kind of noise.
func TestLeaksAreFound(t *testing.T) {
	for name, noise := range noises {
		for _, planted := range []struct {
			length time.Duration
			perDay float64
		}{{24 * time.Hour, 20e6}, {2 * time.Hour, 2e9}, {20 * time.Minute, 10e9}} {
			leak, bound := planted.perDay, memory
			if name == "a few descriptors" {
				leak, bound = planted.perDay/4e5, Bound{Share: .05, Least: 20}
			}
			if name == "saw teeth of a heap" || name == "remembers a tenth" { // teeth of 60 MB hide more
				leak *= 5
			}
			const n = 40
			found := 0
			for seed := range uint64(n) {
				value := noise(rand.New(rand.NewPCG(seed, 2)), planted.length)
				g := Look(drawn(planted.length, func(at time.Duration) float64 { return value(at) + leak*at.Hours()/24 }), planted.length, bound)
				if g.Grows {
					found++
				}
			}
			t.Logf("%s: %.3g a day over %v: found in %d of %d", name, leak, planted.length, found, n)
			if found < n*95/100 {
				t.Errorf("%s: a leak of %.3g a day over %v is found in %d of %d; want 95 %%", name, leak, planted.length, found, n)
			}
		}
	}
}

// TestSeriesIsBounded: a month of samples takes the memory of a day and shows the same slope.
func TestSeriesIsBounded(t *testing.T) {
	var s Series
	for at := time.Duration(0); at < 30*Day; at += sampling {
		s.Add(at, at.Hours())
	}
	if n := len(s.Points()); n > most || n < most/2 {
		t.Errorf("%d points; want %d to %d", n, most/2, most)
	}
	g := Look(s.Points(), 30*Day, Bound{Least: 1})
	if !g.Grows || math.Abs(g.PerDay-24) > 1e-6 {
		t.Errorf("%+v; want 24 a day", g)
	}
}

func TestTooShort(t *testing.T) {
	for _, length := range []time.Duration{0, time.Second, time.Minute} {
		if g := Look(drawn(length, func(at time.Duration) float64 { return float64(at) }), length, Bound{}); g.Grows || g.Enough {
			t.Errorf("%v: %+v", length, g)
		}
	}
}
