package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// Placement is where a reload lies that has no number in common with the one before it.
type Placement interface {
	// at is the media time of the first segment of m; ok = false if it is where the
	// numbers say, or both end together.
	at(p *Player, m, ref *m3u8.Media, base time.Duration) (at time.Duration, ok bool)
}

var _ = policy.Register("place", policy.Offers[Placement]{
	"date":     new(placeDate),
	"count":    new(placeCount),
	"start":    new(placeStart),
	"playhead": new(placePlayhead),
	"zero":     new(placeZero),
})

// Apart is where a playlist lies that has no number or date-time in common with the one
// before it.
type Apart interface{ Placement }

var _ = policy.Register("apart", policy.Offers[Apart]{
	"count":    new(placeCount),
	"start":    new(placeStart),
	"playhead": new(placePlayhead),
	"zero":     new(placeZero),
})

// place returns the media time of m's first segment, given another playlist of
// the same presentation and the media time of that one's first segment; reload
// means that it is an earlier version of the same one.
//
// Equal numbers of a reload are the same segment. Another rendition goes by
// date-time, or by number where the profile says so. Pipelines stamp equal
// segments a little apart; players see by the timestamps that nothing is missing
// between them, so date-times that put the same number less than half a segment
// off mean the same segment. What has nothing in common lies where the profile
// puts it.
func (p *Player) place(m, ref *m3u8.Media, base time.Duration, reload bool) time.Duration {
	if len(m.Segments) == 0 || len(ref.Segments) == 0 {
		return base
	}
	l := &p.cfg.Profile.Timeline
	numbered, overlaps := alignSequence(m, ref, base)
	if overlaps && (reload || l.Others.Is.byNumber()) {
		return numbered
	}
	adjacent := m.MediaSequence == ref.MediaSequence+uint64(len(ref.Segments))
	var how Placement = l.Apart.Is
	switch {
	case reload && adjacent:
		return numbered
	case reload && m.MediaSequence < ref.MediaSequence:
		how = l.Rewind.Is.place()
	case reload:
		how = l.Jump.Is
	}
	if dated, ok := p.byDate(m, ref, base); ok && !reload {
		if overlaps && (dated-numbered).Abs() < m.Segments[0].Duration/2 {
			return numbered
		}
		return dated
	}
	if overlaps || adjacent {
		return numbered
	}
	if at, ok := how.at(p, m, ref, base); ok {
		return at
	}
	if numbered != noPlace {
		return numbered
	}
	return base + ref.Duration - m.Duration
}

// asNumbered leaves a playlist where the numbers put it.
type asNumbered struct{}

func (asNumbered) at(*Player, *m3u8.Media, *m3u8.Media, time.Duration) (time.Duration, bool) {
	return 0, false
}
