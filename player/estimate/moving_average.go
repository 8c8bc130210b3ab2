package estimate

import "hlsload/player/policy"

// MovingAverage is an average in which each segment counts for a fixed share,
// whatever its size; a segment that times out counts as 1 bit/s (video.js
// playlist-selectors movingAverageBandwidthSelector).
type MovingAverage struct {
	Decay float64 `yaml:"decay"` // share of the newest segment
}

func (m *MovingAverage) Limits(l *policy.Limits) { policy.Within(l, "decay", &m.Decay, 0.01, 1) }

func (m *MovingAverage) Start(first float64, _ bool) Estimate {
	return &movingAverage{plain: plain{first: first}, policy: m, average: first}
}

type movingAverage struct {
	plain
	policy  *MovingAverage
	average float64
}

func (m *movingAverage) Add(t Transfer) {
	if t.Bytes > 0 {
		v, _ := rate(seconds(t.Took), t.Bytes)
		m.take(v)
		m.bytes += t.Bytes
	}
}

func (m *movingAverage) take(v float64) { m.average += m.policy.Decay * (v - m.average) }

func (m *movingAverage) Rate() float64 { return m.average }

func (m *movingAverage) TimedOut() bool {
	m.take(1)
	return true
}

func (m *movingAverage) Restart(first float64) {
	*m = movingAverage{plain: plain{first: first}, policy: m.policy, average: first}
}
