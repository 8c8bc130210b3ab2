package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// FirstByRaised raises the first estimate to the first listed variant's BANDWIDTH, up
// to a bound, and begins with the best level that it carries, or with the first
// listed one (hls.js abr-controller firstAutoLevel).
type FirstByRaised struct {
	To units.Rate `yaml:"to"` // the bound
}

func (f *FirstByRaised) Limits(l *policy.Limits) { policy.Within(l, "to", &f.To, 1, 1e12) }

func (f *FirstByRaised) choose(p *Player) int {
	first := p.ladder.FirstLevel
	rate := max(p.firstRate(), min(float64(p.ladder.Levels[first].Bandwidth), float64(f.To)))
	p.estimate.Restart(rate)
	if best := p.highestWithin(rate); best >= 0 {
		return p.firstOf(best)
	}
	return first
}
