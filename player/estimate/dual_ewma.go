package estimate

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// dualEWMA is the lower one of a fast and a slow moving average.
type dualEWMA struct {
	Fast     units.Duration `yaml:"fast"`      // half-life, in seconds of transfer
	Slow     units.Duration `yaml:"slow"`      // half-life, in seconds of transfer
	MinBytes int64          `yaml:"min_bytes"` // smaller transfers are ignored
	MinTotal int64          `yaml:"min_total"` // bytes before the estimate counts
}

func (d *dualEWMA) Limits(l *policy.Limits) {
	halfLives(l, &d.Fast, &d.Slow)
	policy.Within(l, "min_bytes", &d.MinBytes, 0, 1e9)
	policy.Within(l, "min_total", &d.MinTotal, 0, 1e9)
}

func (d *dualEWMA) Start(first float64, _ bool) Estimate {
	return &dualEWMAState{policy: d, rate: first}
}

type dualEWMAState struct {
	silent
	policy *dualEWMA
	rate   float64 // the lower one; before anything is measured, the first value
	bytes  int64   // that count
	averages
}

func (d *dualEWMAState) Add(t Transfer) {
	if t.Bytes > 0 && t.Bytes >= d.policy.MinBytes {
		d.add(d.policy.Fast, d.policy.Slow, seconds(t.Took), t.Bytes)
		d.bytes += t.Bytes
		if d.Measured() {
			d.rate = d.lower(d.policy.Fast, d.policy.Slow)
		}
	}
}

func (d *dualEWMAState) Measured() bool {
	return d.bytes > 0 && d.bytes >= d.policy.MinTotal && d.weight >= minWeight
}

func (d *dualEWMAState) Decides() bool { return d.Measured() }

func (d *dualEWMAState) Rate() float64 { return d.rate }

func (d *dualEWMAState) Restart(first float64) {
	*d = dualEWMAState{policy: d.policy, rate: first}
}
