package m3u8

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Merge completes a delta update with the version of the same playlist that
// the player has (rfc8216bis 6.3.7). The result is a playlist without Skip;
// old, which may be nil, and delta stay as they are, and the three share what
// they have in common. A delta without EXT-X-SKIP is returned as it is.
//
// The error says that the update skips segments that old does not have: then
// the whole playlist must be loaded, without _HLS_skip.
func Merge(old, delta *Media) (*Media, error) {
	if delta.Skip == nil {
		return delta, nil
	}
	if old == nil {
		old = new(Media)
	}
	n := delta.Skip.Segments
	first := delta.MediaSequence
	known := old.Segments
	if old.Skip != nil {
		known = nil
	}
	if n > 0 && (len(known) == 0 || first < known[0].Sequence || first-known[0].Sequence > uint64(len(known)) ||
		uint64(len(known))-(first-known[0].Sequence) < uint64(n)) {
		return nil, fmt.Errorf("merge playlist delta update: got %d skipped segments from media sequence number %d, have %s; want a full playlist",
			n, first, span(known))
	}
	m := *delta
	m.Skip, m.inherited = nil, inherited{}
	m.Segments = make([]Segment, 0, n+len(delta.Segments))
	if n > 0 {
		from := int(first - known[0].Sequence)
		m.Segments = append(m.Segments, known[from:from+n]...)
	}
	m.Segments = append(m.Segments, delta.Segments...)
	if delta.Next != nil {
		next := *delta.Next
		m.Next = &next
	}
	if n > 0 {
		adopt(&m, n, delta)
	}
	if m.Duration < 0 {
		return nil, errors.New("merge playlist delta update: got durations of more than 292 years in all; want less")
	}
	if delta.Skip.RecentlyRemovedDateRanges != nil {
		m.DateRanges = mergeDateRanges(old.DateRanges, delta)
	}
	return &m, nil
}

func span(s []Segment) string {
	if len(s) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d to %d", s[0].Sequence, s[len(s)-1].Sequence)
}

// adopt gives the segments after the first n what they inherit, and numbers
// all of them.
func adopt(m *Media, n int, delta *Media) {
	skipped := m.Segments[n-1]
	bitrate := int64(0)
	for i := range m.Segments[:n] {
		if s := &m.Segments[i]; s.ByteRange == nil {
			bitrate = s.Bitrate
		}
	}
	discontinuities := skipped.DiscontinuitySequence - delta.DiscontinuitySequence
	in := delta.inherited
	inherit := func(s *Segment, i int) {
		if i < in.keys {
			s.Keys = skipped.Keys
		}
		if i < in.maps {
			s.Map = skipped.Map
		}
		if i < in.bitrates && s.ByteRange == nil {
			s.Bitrate = bitrate
		}
		s.DiscontinuitySequence += discontinuities
	}
	before := skipped
	for i := range delta.Segments {
		s := &m.Segments[n+i]
		inherit(s, i)
		if r := s.ByteRange; r != nil && r.Offset < 0 && before.ByteRange != nil && before.ByteRange.Offset >= 0 && before.URI == s.URI {
			if end := before.ByteRange.Offset + before.ByteRange.Length; end <= math.MaxInt64-r.Length {
				s.ByteRange = &Range{r.Length, end}
			}
		}
		before = *s
	}
	if m.Next != nil {
		inherit(m.Next, len(delta.Segments))
	}
	m.Duration = 0
	for i := range m.Segments {
		s := &m.Segments[i]
		s.Start = m.Duration
		if m.Duration += s.Duration; m.Duration < 0 {
			return // an overflow, which Merge refuses
		}
	}
	if m.Next != nil {
		m.Next.Start = m.Duration
	}
	dated := func(s Segment) bool { return !s.ProgramDateTime.IsZero() }
	if m.HasProgramDateTime = slices.ContainsFunc(m.Segments, dated) || m.Next != nil && dated(*m.Next); m.HasProgramDateTime {
		if s := &m.Segments[0]; dated(*s) {
			// The date that it follows from may have left the playlist.
			s.Extrapolated = false
		}
		extrapolate(m.Segments, m.Next)
	}
}

// mergeDateRanges returns the date ranges of old that the update neither
// removes nor repeats, and those of the update.
func mergeDateRanges(old []DateRange, delta *Media) []DateRange {
	gone := make(map[string]bool)
	for _, id := range delta.Skip.RecentlyRemovedDateRanges {
		gone[id] = true
	}
	for _, d := range delta.DateRanges {
		gone[d.ID] = true
	}
	var merged []DateRange
	for _, d := range old {
		if !gone[d.ID] {
			merged = append(merged, d)
		}
	}
	return append(merged, delta.DateRanges...)
}
