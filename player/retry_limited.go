package player

import (
	"time"

	"hlsload/player/policy"
)

// retryLimited asks for the same URL again a number of times before the steps of
// the rule.
type retryLimited struct {
	Times   int `yaml:"times"` // retries, 1 to 250
	repeats `yaml:",inline"`
}

func (r *retryLimited) Limits(l *policy.Limits) {
	policy.Within(l, "times", &r.Times, 1, 250)
	r.repeats.Limits(l)
}

func (*retryLimited) ends() bool { return true }

func (r *retryLimited) delay(p *Player, n int) (time.Duration, bool) {
	if n >= r.Times {
		return 0, false
	}
	return r.after(p, n), true
}
