package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// Alignment is by what a playlist of another rendition is aligned first.
type Alignment interface {
	// byNumber reports whether equal media sequence numbers go before date-times.
	byNumber() bool
	// within is how far apart date-times may be to count, where so much is listed.
	within(listed time.Duration) time.Duration
}

var _ = policy.Register("others", policy.Offers[Alignment]{
	"date":   &alignDate{Within: units.Duration(maxDates)},
	"number": new(alignNumber),
})

// maxDates is how far apart date-times are at most that mean anything.
const maxDates = 24 * time.Hour

// byDate is place by date-time, if both have one that counts.
func (p *Player) byDate(m, ref *m3u8.Media, base time.Duration) (at time.Duration, ok bool) {
	if !m.HasProgramDateTime || !ref.HasProgramDateTime {
		return 0, false
	}
	d := m.Segments[0].ProgramDateTime.Sub(ref.Segments[0].ProgramDateTime)
	return base + d, d.Abs() < p.cfg.Profile.Timeline.Others.Is.within(m.Duration)
}
