package player

import (
	"time"

	"hlsload/player/policy"
)

// SegmentsTimestamps has a segment lie where its first timestamp says (PTS, or tfdt),
// and its playlist with it, whatever numbers and dates made of it.
type SegmentsTimestamps struct {
	// Origin means that nothing can be played from before where the session's
	// timeline began.
	Origin bool `yaml:"origin"`
}

func (*SegmentsTimestamps) Limits(*policy.Limits) {}

func (s *SegmentsTimestamps) lies(p *Player, t *track, f *flight, off time.Duration, guessed bool) (left time.Duration, elsewhere bool) {
	t.base, f.start = t.base+off, f.start+off
	// In another place of the buffer it fills nothing up.
	end := f.start + f.seg.Duration
	switch next := p.next(t); {
	case s.Origin && f.start < -touching, t.filled && end <= t.end+touching:
		elsewhere = true
	case guessed && f.start > t.end+touching && next != nil && next.Sequence != f.seg.Sequence:
		elsewhere = true
	}
	return 0, elsewhere
}

func (s *SegmentsTimestamps) plays(at time.Duration) bool { return at >= 0 || !s.Origin }

func (*SegmentsTimestamps) exact() bool { return true }
