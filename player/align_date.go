package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// alignDate goes by EXT-X-PROGRAM-DATE-TIME.
type alignDate struct {
	// Within is how far apart date-times of two playlists may be to count, or further
	// if more is listed.
	Within units.Duration `yaml:"within"`
}

func (a *alignDate) Limits(l *policy.Limits) {
	l.Duration("within", &a.Within, time.Millisecond, maxDates)
}

func (*alignDate) byNumber() bool { return false }

func (a *alignDate) within(listed time.Duration) time.Duration {
	return max(time.Duration(a.Within), min(listed, maxDates))
}
