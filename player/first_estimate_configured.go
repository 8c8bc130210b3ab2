package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// ConfiguredEstimate is a fixed first estimate.
type ConfiguredEstimate struct {
	Rate units.Rate `yaml:"rate"` // the estimate
}

func (c *ConfiguredEstimate) Limits(l *policy.Limits) { policy.Within(l, "rate", &c.Rate, 1, 1e12) }

func (c *ConfiguredEstimate) rate(*Player, bool) float64 { return float64(c.Rate) }
