package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// retryLimited asks for the same URL again a number of times before the steps of
// the rule.
type retryLimited struct {
	Times  int              `yaml:"times"`  // retries, 1 to 250
	Delays []units.Duration `yaml:"delays"` // before each retry, the last one repeats; none = at once
	Jitter float64          `yaml:"jitter"` // share by which the delays vary, 0 to 1
}

func (r *retryLimited) Limits(l *policy.Limits) {
	policy.Within(l, "times", &r.Times, 1, 250)
	l.Delays("delays", &r.Delays, 0)
	policy.Within(l, "jitter", &r.Jitter, 0, 1)
}

func (r *retryLimited) ends() bool { return true }

func (r *retryLimited) delay(p *Player, n int) (time.Duration, bool) {
	if n >= r.Times {
		return 0, false
	}
	if len(r.Delays) == 0 {
		return 0, true
	}
	return p.spread(nth(r.Delays, n), r.Jitter), true
}
