package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// segmentsJoined has a segment whose timestamp disagrees with its number follow what was
// loaded last without a gap, if it lies before the end of that or too far after it
// (fftools/ffmpeg.c dts_delta_threshold).
type segmentsJoined struct {
	asListed `yaml:"-"`
	Within   units.Duration `yaml:"within"` // the longest gap that is left; up to 1h
}

func (s *segmentsJoined) Limits(l *policy.Limits) {
	l.Duration("within", &s.Within, time.Millisecond, time.Hour)
}

func (s *segmentsJoined) lies(_ *Player, t *track, _ *m3u8.Segment, start, off time.Duration, _ bool) (at, left time.Duration, elsewhere bool) {
	if !t.filled {
		return start, off, false
	}
	at = start + off
	if gap := at - t.end; gap < -touching || gap > time.Duration(s.Within) {
		at, left = t.end, gap
	}
	t.base += at - start
	return at, left, false
}
