package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// stepRound takes other steps after a while, if a segment failed for good and
// none has arrived since.
type stepRound struct {
	Delays []units.Duration `yaml:"delays"` // before each round; the last one repeats
	Then   Recovery         `yaml:"then"`   // steps that are taken then
}

func (s *stepRound) Limits(l *policy.Limits) {
	l.Delays("delays", &s.Delays, 1)
	limitSteps(l, &s.Then)
}

func (s *stepRound) take(p *Player, f *flight, failure Failure, n int) (Decision, bool) {
	if !p.errs.broken {
		return NoDecision, false
	}
	p.track(f.track).delay(&delayed{at: p.now + nth(s.Delays, n), of: *f, then: s.Then, failure: failure})
	return NoDecision, true
}
