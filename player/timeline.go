package player

import (
	"math"
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
)

// clock ties the timestamps of a track's segments to the session's timeline.
type clock struct {
	stamp, media time.Duration // the same instant, of the last segment seen
	sequence     uint32        // discontinuity sequence number, the low bits
	set          bool
}

// sight is what a segment's own timestamp says of where it lies.
type sight struct {
	known     bool          // there is one, and one before to compare it with
	off       time.Duration // it lies so much after where playback puts it
	elsewhere bool          // it is not what was wanted, and not buffered
}

// lost is how much media was left out before a segment, or comes again, given how
// much is missing before it on the timeline. Timestamps that are further off than
// what is listed are those of another clock and tell neither.
func (s sight) lost(missing time.Duration, m *m3u8.Media) (skipped, repeated time.Duration) {
	net := missing + s.off
	switch {
	case s.off == 0:
		return missing, 0
	case m != nil && net.Abs() > m.Duration:
		return 0, 0
	}
	return max(net, 0), max(-net, 0)
}

// locate looks at the first timestamp of a segment that has arrived. Players
// that go by timestamps move the segment, and its playlist with it, to where it
// lies.
func (p *Player) locate(t *track, f *flight, first mediatime.Stamp) (out sight) {
	stamp, period, ok := p.stampOf(t, f, first)
	if !ok {
		return out
	}
	c := &t.clock
	guessed := t.placeGuessed
	sequence := uint32(f.seg.DiscontinuitySequence)
	if !c.set || c.sequence != sequence {
		*c, t.placeGuessed = clock{stamp, f.start, sequence, true}, false
		return out
	}
	out.known = true
	d := c.media + mediatime.Since(stamp, c.stamp, period) - f.start
	if d.Abs() >= f.seg.Duration/2 { // EXTINF is no more exact than that
		f.start, out.off, out.elsewhere = p.cfg.Profile.Timeline.Segments.Is.lies(p, t, f.seg, f.start, d, guessed)
	}
	*c, t.placeGuessed = clock{stamp, f.start, sequence, true}, false
	return out
}

// stampOf is the first timestamp of a segment as a time, if it can be read.
func (p *Player) stampOf(t *track, f *flight, first mediatime.Stamp) (at, period time.Duration, ok bool) {
	if !first.Known() || t.needsDecryption(f.seg) {
		return 0, 0, false
	}
	var scales mediatime.Scales
	if t.using != nil {
		scales = t.using.scales
	}
	return first.Time(&scales)
}

// needsDecryption reports whether a segment's bytes say nothing without its key.
func (t *track) needsDecryption(s *m3u8.Segment) bool {
	return len(s.Keys) > 0 && s.Keys[0].Method == "AES-128"
}

const noPlace = time.Duration(math.MinInt64)

// alignSequence is place by media sequence, and whether both playlists list a
// segment of one number; noPlace when the numbers are too far apart.
func alignSequence(m, ref *m3u8.Media, base time.Duration) (at time.Duration, overlaps bool) {
	switch {
	case m.MediaSequence >= ref.MediaSequence:
		d := m.MediaSequence - ref.MediaSequence
		if d < uint64(len(ref.Segments)) {
			return base + ref.Segments[d].Start, true
		}
		if lost := d - uint64(len(ref.Segments)); lost < 1<<20 {
			return base + ref.Duration + time.Duration(lost)*ref.TargetDuration, false
		}
	case ref.MediaSequence-m.MediaSequence < uint64(len(m.Segments)):
		return base - m.Segments[ref.MediaSequence-m.MediaSequence].Start, true
	}
	return noPlace, false
}

// overlap reports whether two playlists list a segment of one number.
func overlap(a, b *m3u8.Media) bool {
	_, overlaps := alignSequence(a, b, 0)
	return overlaps
}

// ByTimestamps reports whether the player puts everything where timestamps say.
func (p *Profile) ByTimestamps() bool { return p.Timeline.Segments.Is.exact() }

// ByNumbers reports whether the player takes equal numbers of two renditions for the
// same segment.
func (p *Profile) ByNumbers() bool { return p.Timeline.Others.Is.byNumber() }

// ByDates reports whether the player goes by date-times that are so far apart, where so
// much is listed.
func (p *Profile) ByDates(apart, listed time.Duration) bool {
	bound := p.Timeline.Others.Is.within(listed)
	return !p.ByNumbers() && (apart <= bound || bound == maxDates)
}

// WaitsForNumbers reports whether the player puts a playlist of another rendition aside
// whose numbers are lower.
func (p *Profile) WaitsForNumbers() bool { return p.Timeline.Rewind.Is.others() }

// EndsBehind reports whether the session ends when the position has left the window.
func (p *Profile) EndsBehind() bool { return !p.Behind.Is.goesOn() }
