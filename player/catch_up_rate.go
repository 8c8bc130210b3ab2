package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// catchUpRate plays at 1 + slope × seconds behind the target (media3
// DefaultLivePlaybackSpeedControl).
type catchUpRate struct {
	Slope    float64        `yaml:"slope"`     // per second
	Min      float64        `yaml:"min"`       // of the rate
	Max      float64        `yaml:"max"`       // of the rate
	DeadZone units.Duration `yaml:"dead_zone"` // off by less: rate 1
}

func (c *catchUpRate) Limits(l *policy.Limits) {
	policy.Within(l, "slope", &c.Slope, 0.001, 1)
	policy.Within(l, "min", &c.Min, 0.5, 1)
	policy.Within(l, "max", &c.Max, 1, 2)
	l.Duration("dead_zone", &c.DeadZone, 0, time.Minute)
}

func (c *catchUpRate) rate(behind time.Duration) float64 {
	if behind.Abs() <= time.Duration(c.DeadZone) {
		return 0
	}
	return min(max(c.Slope*behind.Seconds(), c.Min-1), c.Max-1)
}
