package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// AlignDate goes by EXT-X-PROGRAM-DATE-TIME.
type AlignDate struct {
	// Within is how far apart date-times of two playlists may be to count, or further
	// if more is listed.
	Within units.Duration `yaml:"within"`
}

func (a *AlignDate) Limits(l *policy.Limits) {
	l.Duration("within", &a.Within, time.Millisecond, maxDates)
}

func (*AlignDate) byNumber() bool { return false }

func (a *AlignDate) within(listed time.Duration) time.Duration {
	return max(time.Duration(a.Within), min(listed, maxDates))
}
