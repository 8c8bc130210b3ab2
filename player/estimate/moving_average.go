package estimate

import "hlsload/player/policy"

// movingAverage is an average in which each segment counts for a fixed share,
// whatever its size; a segment that times out counts as 1 bit/s (video.js
// playlist-selectors movingAverageBandwidthSelector).
type movingAverage struct {
	Decay float64 `yaml:"decay"` // share of the newest segment
}

func (m *movingAverage) Limits(l *policy.Limits) { policy.Within(l, "decay", &m.Decay, 0.01, 1) }

func (m *movingAverage) Start(first float64, _ bool) Estimate {
	return &movingAverageState{plain: plain{first: first}, policy: m, average: first}
}

type movingAverageState struct {
	plain
	policy  *movingAverage
	average float64
}

func (m *movingAverageState) Add(t Transfer) {
	if t.Bytes > 0 {
		v, _ := rate(seconds(t.Took), t.Bytes)
		m.take(v)
		m.bytes += t.Bytes
	}
}

func (m *movingAverageState) take(v float64) { m.average += m.policy.Decay * (v - m.average) }

func (m *movingAverageState) Rate() float64 { return m.average }

func (m *movingAverageState) TimedOut() bool {
	m.take(1)
	return true
}

func (m *movingAverageState) Restart(first float64) {
	*m = movingAverageState{plain: plain{first: first}, policy: m.policy, average: first}
}
