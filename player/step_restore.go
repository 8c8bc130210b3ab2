package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// stepRestore lifts all penalties but those for ever, and asks for the same again if the
// track still plays what failed (Shaka player onError_ and retryStreaming).
type stepRestore struct {
	Delays []units.Duration `yaml:"delays"` // before that; the last one repeats
}

func (s *stepRestore) Limits(l *policy.Limits) { l.Delays("delays", &s.Delays, 1) }

func (s *stepRestore) take(p *Player, f *flight, _ Failure, n int) (Decision, bool) {
	p.errs.restore()
	if !f.left {
		p.track(f.track).tries[1] = 0
	}
	p.again(f, nth(s.Delays, n))
	return NoDecision, true
}
