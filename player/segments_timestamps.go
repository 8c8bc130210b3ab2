package player

import (
	"time"

	"hlsload/player/m3u8"
)

// segmentsTimestamps puts a segment where its first timestamp says (PTS, or tfdt), and its
// playlist with it, whatever numbers and dates say.
type segmentsTimestamps struct {
	// Origin means that nothing can be played from before where the session's
	// timeline began.
	Origin bool `yaml:"origin"`
}

func (s *segmentsTimestamps) lies(p *Player, t *track, seg *m3u8.Segment, start, off time.Duration, guessed bool) (at, left time.Duration, elsewhere bool) {
	t.base += off
	at = start + off
	// In another place of the buffer it fills nothing up.
	switch next := p.next(t); {
	case s.Origin && at < -touching, t.filled && at+seg.Duration <= t.end+touching:
		elsewhere = true
	case guessed && at > t.end+touching && next != nil && next.Sequence != seg.Sequence:
		elsewhere = true
	}
	return at, 0, elsewhere
}

func (s *segmentsTimestamps) plays(at time.Duration) bool { return at >= 0 || !s.Origin }

func (*segmentsTimestamps) exact() bool { return true }
