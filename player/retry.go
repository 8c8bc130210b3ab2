package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// Retry is how a rule asks for the same URL again.
type Retry interface {
	// delay is the time to the next retry after n that failed; false = there is
	// none.
	delay(p *Player, n int) (time.Duration, bool)
	// ends reports whether there is a last retry.
	ends() bool
}

var _ = policy.Register("retry", policy.Offers[Retry]{
	"limited": &retryLimited{},
	"forever": &retryForever{},
})

// nth is the delay after n failures; the last one repeats.
func nth(delays []units.Duration, n int) time.Duration {
	return time.Duration(delays[min(n, len(delays)-1)])
}

// repeats is what policies have in common: when the same URL is asked for again.
type repeats struct {
	Delays []units.Duration `yaml:"delays"` // before each retry, the last one repeats; none = at once
	Jitter float64          `yaml:"jitter"` // share by which the delays vary, 0 to 1
}

func (r *repeats) Limits(l *policy.Limits) {
	l.Delays("delays", &r.Delays, 0)
	policy.Within(l, "jitter", &r.Jitter, 0, 1)
}

func (r *repeats) after(p *Player, n int) time.Duration {
	if len(r.Delays) == 0 {
		return 0
	}
	return p.spread(nth(r.Delays, n), r.Jitter)
}
