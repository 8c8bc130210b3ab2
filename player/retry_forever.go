package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// retryForever asks for the same URL again and again; no step follows.
type retryForever struct {
	Delays []units.Duration `yaml:"delays"` // before each retry, the last one repeats; none = at once
	Jitter float64          `yaml:"jitter"` // share by which the delays vary, 0 to 1
}

func (r *retryForever) Limits(l *policy.Limits) {
	l.Delays("delays", &r.Delays, 0)
	policy.Within(l, "jitter", &r.Jitter, 0, 1)
}

func (r *retryForever) ends() bool { return false }

func (r *retryForever) delay(p *Player, n int) (time.Duration, bool) {
	if len(r.Delays) == 0 {
		return 0, true
	}
	return p.spread(nth(r.Delays, n), r.Jitter), true
}
