package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// stepLocation penalises the URL of a playlist and uses another one of the same
// level.
type stepLocation struct {
	For units.Duration `yaml:"for"` // how long the URL is not chosen again
}

func (s *stepLocation) Limits(l *policy.Limits) { l.Duration("for", &s.For, 0, Never) }

func (s *stepLocation) take(p *Player, f *flight, failure Failure, _ int) (Decision, bool) {
	level := &p.ladder.Levels[p.main.level]
	copies := level.ByPathway
	if f.track == AudioTrack {
		copies = level.AudioByPathway
	}
	current := p.track(f.track).rendition
	for _, r := range copies {
		if r >= 0 && r != current && !p.errs.penalised(r, p.now) {
			p.errs.penalise(current, p.until(s.For))
			p.setRendition(f.track, r, false, failure.String())
			return Failover, true
		}
	}
	return NoDecision, false
}
