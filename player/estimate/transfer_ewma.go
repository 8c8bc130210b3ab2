package estimate

import (
	"math"
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// transferEWMA is the lower one of a fast and a slow moving average of the
// throughput without the time to first byte, of which there is an average as well.
type transferEWMA struct {
	Fast            units.Duration `yaml:"fast"`              // half-life, in seconds of transfer
	Slow            units.Duration `yaml:"slow"`              // half-life, in seconds of transfer
	LatencyHalfLife units.Duration `yaml:"latency_half_life"` // of the time to first byte
	Latency         units.Duration `yaml:"latency"`           // the time to first byte before any was measured
	Parse           units.Duration `yaml:"parse"`             // how long a segment takes to parse, which counts as transfer
}

func (e *transferEWMA) Limits(l *policy.Limits) {
	halfLives(l, &e.Fast, &e.Slow)
	l.Duration("latency_half_life", &e.LatencyHalfLife, 10*time.Millisecond, time.Hour)
	l.Duration("latency", &e.Latency, 0, 10*time.Second)
	l.Duration("parse", &e.Parse, 0, 10*time.Second)
}

func (e *transferEWMA) Start(first float64, _ bool) Estimate {
	return &transferEWMAState{policy: e, rate: first}
}

type transferEWMAState struct {
	silent
	policy *transferEWMA
	rate   float64 // the lower one; before anything is measured, the first value
	bytes  int64   // that count
	averages
	latency EWMA
}

func (e *transferEWMAState) Add(t Transfer) {
	took := t.Took
	switch {
	case !t.Partial:
		e.addLatency(seconds(t.FirstByte))
		took += time.Duration(e.policy.Parse)
	case t.Bytes == 0:
		e.addLatency(seconds(t.Took))
	}
	if t.Bytes > 0 {
		e.add(e.policy.Fast, e.policy.Slow, seconds(took)-min(seconds(t.FirstByte), e.Latency()), t.Bytes)
		e.bytes += t.Bytes
		if e.Measured() {
			e.rate = e.lower(e.policy.Fast, e.policy.Slow)
		}
	}
}

// addLatency takes a time to first byte. Long ones weigh less (hls.js
// EwmaBandWidthEstimator sampleTTFB).
func (e *transferEWMAState) addLatency(s float64) {
	e.latency.Add(seconds(e.policy.LatencyHalfLife), math.Sqrt2*math.Exp(-s*s/2), max(s, 0.005))
}

func (e *transferEWMAState) Latency() float64 {
	if e.latency.weight >= minWeight {
		return e.latency.Get(seconds(e.policy.LatencyHalfLife))
	}
	return seconds(e.policy.Latency)
}

func (e *transferEWMAState) Measured() bool { return e.bytes > 0 && e.weight >= minWeight }

func (e *transferEWMAState) Decides() bool { return e.Measured() }

func (e *transferEWMAState) Rate() float64 { return e.rate }

func (e *transferEWMAState) Restart(first float64) {
	*e = transferEWMAState{policy: e.policy, rate: first}
}
