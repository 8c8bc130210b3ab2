package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// stepRetry asks for the same URL again. Failures before it count: with two
// delays the third failure leads to the next step.
type stepRetry struct {
	Delays []units.Duration `yaml:"delays"` // before each retry
}

func (s *stepRetry) Limits(l *policy.Limits) { l.Delays("delays", &s.Delays, 1) }

func (*stepRetry) early() {}

func (s *stepRetry) take(p *Player, f *flight, _ Failure, n int) (Decision, bool) {
	if n >= len(s.Delays) {
		return NoDecision, false
	}
	p.again(f, time.Duration(s.Delays[n]))
	return NoDecision, true
}
