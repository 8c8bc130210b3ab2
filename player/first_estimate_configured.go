package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// configuredEstimate is a fixed first estimate.
type configuredEstimate struct {
	Rate units.Rate `yaml:"rate"` // the estimate
}

func (c *configuredEstimate) Limits(l *policy.Limits) { policy.Within(l, "rate", &c.Rate, 1, 1e12) }

func (c *configuredEstimate) rate(*Player, bool) float64 { return float64(c.Rate) }
