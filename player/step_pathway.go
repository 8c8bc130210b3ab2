package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// stepPathway penalises the pathway and moves all levels to another one.
type stepPathway struct {
	For units.Duration `yaml:"for"` // how long the pathway is not chosen again
}

func (s *stepPathway) Limits(l *policy.Limits) { l.Duration("for", &s.For, 0, Never) }

func (s *stepPathway) take(p *Player, _ *flight, failure Failure, _ int) (Decision, bool) {
	if len(p.ladder.Pathways) < 2 {
		return NoDecision, false
	}
	if p.errs.pathwayUntil(p.pathway) <= p.now {
		p.errs.closePathway(p.pathway, p.until(s.For))
	}
	to := p.freePathway(p.pathway)
	if to < 0 {
		return NoDecision, false
	}
	p.pathway = to
	level := int(p.main.level)
	if p.renditionOf(level) < 0 {
		if level = p.lowestLevel(); p.renditionOf(level) < 0 {
			return NoDecision, false
		}
	}
	p.forced = int16(level)
	p.setLevel(level, false, failure.String())
	return Failover, true
}
