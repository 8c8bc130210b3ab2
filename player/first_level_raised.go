package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// firstByRaised raises the first estimate to the first listed variant's BANDWIDTH, up
// to a bound, and begins with the best level that it carries, or with the first
// listed one (hls.js abr-controller firstAutoLevel).
type firstByRaised struct {
	To units.Rate `yaml:"to"` // the bound
}

func (f *firstByRaised) Limits(l *policy.Limits) { policy.Within(l, "to", &f.To, 1, 1e12) }

func (f *firstByRaised) choose(p *Player) int {
	first := p.ladder.FirstLevel
	rate := max(p.firstRate(), min(float64(p.ladder.Levels[first].Bandwidth), float64(f.To)))
	p.estimate.Restart(rate)
	if best := p.highestWithin(rate); best >= 0 {
		return p.firstOf(best)
	}
	return first
}
