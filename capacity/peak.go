package capacity

import (
	"math"
	"time"

	"hlsload/capacity/kernel"
	"hlsload/rig"
)

// window is how many seconds the busiest time is long: a target duration.
func window(c *rig.Config) int {
	return int((c.Segment + time.Second - 1) / time.Second)
}

// highest is the highest mean of so many values in a row, and where the window begins.
func highest(values []float64, window int) (most float64, from int) {
	if window > len(values) {
		window = len(values)
	}
	sum := 0.0
	for i, v := range values {
		sum += v
		if i >= window {
			sum -= values[i-window]
		}
		if i >= window-1 && sum > most*float64(window) {
			most, from = sum/float64(window), i-window+1
		}
	}
	return most, from
}

// bursts is by how much the highest of so many windows of n seconds exceeds the mean by chance where
// requests come in bursts: without collapsing, each fetch lets x others through in the mean. x is as dense
// as viewers are at that time, which varies by half of it or more, and a Poisson number:
//
//	σ² = fetches · n · (x + x²/3)
func bursts(rate, fetches float64, n, windows int) float64 {
	if !(rate > fetches) || fetches <= 0 || windows < 2 {
		return 0
	}
	x := rate/fetches - 1
	return math.Sqrt(2 * math.Log(float64(windows)) * fetches * (x + x*x/3) / float64(n))
}

// measure fills in what follows from the slots. They have the noise of so many simulated viewers:
// of the highest rate that part is taken away which more viewers would not have, where it is not
// more than the load before. fetches is what the origin is asked for before the fault with collapsing.
func (w *Worst) measure(c *rig.Config, simulated, fetches float64) {
	n := window(c)
	noise := func(viewers float64) float64 {
		return kernel.Noise(w.Before.Edge/max(w.Viewers, 1)*viewers*float64(n), len(w.Slots)/n)
	}
	chance := max(0, noise(simulated)-noise(w.Viewers))
	series := func(of func(*Load) float64) []float64 {
		out := make([]float64, len(w.Slots))
		for i := range w.Slots {
			out[i] = of(&w.Slots[i])
		}
		return out
	}
	edge, origin := series(func(l *Load) float64 { return l.Edge }), series(func(l *Load) float64 { return l.Origin })
	less := func(peak, before float64) float64 { return max(peak-chance*before, min(peak, before)) }
	w.Edge, _ = highest(edge, n)
	w.Edge = less(w.Edge, w.Before.Edge)
	w.Bits, _ = highest(series(func(l *Load) float64 { return l.Bits }), n)
	w.Bits = less(w.Bits, w.Before.Bits)
	w.Origin, _ = highest(origin, n)
	usual := min(w.Before.Origin, mean(origin))
	w.Origin = max(w.Origin, usual+bursts(usual, fetches, n, len(w.Slots)/n))
	most := 0
	for i := range origin {
		if origin[i] > origin[most] {
			most = i
		}
	}
	if len(w.Slots) > 0 {
		w.AtPeak = w.Slots[most]
	}
	const within = 1.1
	for i := len(w.Slots) - n; i >= 0; i-- {
		over := func(s []float64, before float64) bool {
			m, _ := highest(s[i:i+n], n)
			return m > within*before
		}
		if over(edge, w.Before.Edge) || over(origin, w.Before.Origin) {
			w.Lasts = time.Duration(i+n) * time.Second
			break
		}
	}
}
