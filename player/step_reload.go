package player

import (
	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// stepReload asks for the same playlist again, if one of it is there; not for
// the first one of another level.
type stepReload struct {
	Delays []units.Duration `yaml:"delays"` // before each reload; the last one repeats
}

func (s *stepReload) Limits(l *policy.Limits) { l.Delays("delays", &s.Delays, 1) }

func (s *stepReload) take(p *Player, f *flight, _ Failure, n int) (Decision, bool) {
	t := p.track(f.track)
	if f.kind != m3u8.KindMedia || !f.update || f.rendition != t.rendition {
		return NoDecision, false
	}
	p.again(f, nth(s.Delays, n))
	t.tries[0] = 0
	return NoDecision, true
}
