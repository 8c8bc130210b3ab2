package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// stepUntilStarved asks for the same URL again for as long as playback goes on.
type stepUntilStarved struct {
	Delays []units.Duration `yaml:"delays"` // before each retry; the last one repeats
	// Forgives is how many failures in a row are allowed once playback has run
	// dry: one more ends the session.
	Forgives int `yaml:"forgives"`
}

func (s *stepUntilStarved) Limits(l *policy.Limits) {
	l.Delays("delays", &s.Delays, 1)
	policy.Within(l, "forgives", &s.Forgives, 0, 250)
}

func (s *stepUntilStarved) take(p *Player, f *flight, failure Failure, n int) (Decision, bool) {
	if p.state != playing && n >= s.Forgives {
		p.impatient(f, failure)
		return NoDecision, true
	}
	p.track(f.track).retryUntilDry = uint8(s.Forgives) + 1
	p.again(f, nth(s.Delays, n))
	return NoDecision, true
}
