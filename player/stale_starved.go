package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// StaleStarved goes by the time since the playlist changed, but only once playback
// has run dry (media3 PlaylistStuckException).
type StaleStarved struct {
	After units.Span `yaml:"after"` // since the last change
	Then  Recovery   `yaml:"then"`  // steps, tried in order
}

func (s *StaleStarved) Limits(l *policy.Limits) {
	l.Span("after", &s.After, time.Millisecond, time.Hour)
	limitRecovery(l, "then", &s.Then)
}

func (s *StaleStarved) found(p *Player, f flight, t *track, _ bool) bool {
	since, after := p.unchangedFor(f, t, s.After)
	t.stalePending = since >= after
	return t.stalePending && p.state == stalled
}

func (s *StaleStarved) then() Recovery { return s.Then }
