package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// StaleSinceChange goes by the time since the playlist changed, at each reload.
type StaleSinceChange struct {
	After units.Span `yaml:"after"` // since the last change
	Then  Recovery   `yaml:"then"`  // steps, tried in order
}

func (s *StaleSinceChange) Limits(l *policy.Limits) {
	l.Span("after", &s.After, time.Millisecond, time.Hour)
	limitRecovery(l, "then", &s.Then)
}

func (s *StaleSinceChange) found(p *Player, f flight, t *track, _ bool) bool {
	since, after := p.unchangedFor(f, t, s.After)
	return since >= after
}

func (s *StaleSinceChange) then() Recovery { return s.Then }
