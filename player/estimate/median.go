package estimate

import (
	"math"
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// median is the median of the latest segments, each weighing the root of its
// bytes.
type median struct {
	Window   float64        `yaml:"window"`    // the weight that is kept, in roots of bytes
	MinTotal int64          `yaml:"min_total"` // bytes before the estimate counts
	MinTime  units.Duration `yaml:"min_time"`  // transfer time that makes up for fewer bytes; 0 = none does
}

func (m *median) Limits(l *policy.Limits) {
	policy.Within(l, "window", &m.Window, 1, 1e6)
	policy.Within(l, "min_total", &m.MinTotal, 0, 1e9)
	l.Duration("min_time", &m.MinTime, 0, time.Hour)
}

func (m *median) Start(first float64, _ bool) Estimate {
	return &medianState{plain: plain{first: first}, policy: m}
}

type medianState struct {
	plain
	policy *median
	window *window // nil until there is a transfer
}

func (m *medianState) Add(t Transfer) {
	if t.Bytes <= 0 {
		return
	}
	if m.window == nil {
		m.window = new(window)
	}
	m.window.add(m.policy.Window, t)
	m.bytes += t.Bytes
}

func (m *medianState) Measured() bool {
	return m.bytes > 0 && (m.bytes >= m.policy.MinTotal || m.policy.MinTime > 0 && m.window.took >= seconds(m.policy.MinTime))
}

func (m *medianState) Decides() bool { return m.Measured() }

func (m *medianState) Rate() float64 {
	if !m.Measured() {
		return m.first
	}
	return m.window.median()
}

func (m *medianState) Restart(first float64) {
	*m = medianState{plain: plain{first: first}, policy: m.policy}
}

// window holds the latest samples of a sliding median, oldest first.
type window struct {
	n       int
	took    float64 // seconds of transfer in all
	samples [maxWindow]struct{ weight, value float64 }
}

// maxWindow bounds the samples of a median; a window of √bytes holds fewer of
// ordinary segments.
const maxWindow = 32

func (w *window) add(limit float64, t Transfer) {
	if w.n == maxWindow {
		copy(w.samples[:], w.samples[1:])
		w.n--
	}
	v, s := rate(seconds(t.Took), t.Bytes)
	w.took += s
	w.samples[w.n].weight, w.samples[w.n].value = math.Sqrt(float64(t.Bytes)), v
	w.n++
	sum := 0.0
	for i := range w.n {
		sum += w.samples[i].weight
	}
	// What exceeds the limit goes, oldest first and in parts (media3
	// SlidingPercentile).
	for sum > limit {
		if over := sum - limit; w.samples[0].weight <= over {
			sum -= w.samples[0].weight
			copy(w.samples[:], w.samples[1:w.n])
			w.n--
		} else {
			w.samples[0].weight -= over
			sum = limit
		}
	}
}

// median is the value at which half of the weight is reached.
func (w *window) median() float64 {
	sorted := w.samples
	s := sorted[:w.n]
	sum := 0.0
	for i := range s {
		sum += s[i].weight
		for j := i; j > 0 && s[j].value < s[j-1].value; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
	half := sum / 2
	for i := range s {
		if half -= s[i].weight; half <= 0 {
			return s[i].value
		}
	}
	return 0
}

// latest is the newest sample's value.
func (w *window) latest() float64 { return w.samples[w.n-1].value }
