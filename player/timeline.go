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
	if d.Abs() < f.seg.Duration/2 {
		d = 0 // as exact as EXTINF is
	}
	l := &p.cfg.Profile.Timeline
	switch {
	case d == 0:
	case l.Join > 0 && t.filled:
		gap := f.start + d - t.end
		at := f.start + d
		if gap < -touching || gap > time.Duration(l.Join) {
			at, out.off = t.end, gap
		}
		t.base, f.start = t.base+at-f.start, at
	case l.Timestamps:
		t.base, f.start = t.base+d, f.start+d
		// In another place of the buffer it fills nothing up.
		end := f.start + f.seg.Duration
		switch next := p.next(t); {
		case l.Origin && f.start < -touching, t.filled && end <= t.end+touching:
			out.elsewhere = true
		case guessed && f.start > t.end+touching && next != nil && next.Sequence != f.seg.Sequence:
			out.elsewhere = true
		}
	default:
		out.off = d
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

// place returns the media time of m's first segment, given another playlist of
// the same presentation and the media time of that one's first segment; reload
// means that it is an earlier version of the same one.
//
// Equal numbers of a reload are the same segment. Another rendition goes by
// date-time, or by number where the profile says so. Pipelines stamp equal
// segments a little apart; players see by the timestamps that nothing is missing
// between them, so date-times that put the same number less than half a segment
// off mean the same segment. What has nothing in common lies where the profile
// has it.
func (p *Player) place(m, ref *m3u8.Media, base time.Duration, reload bool) time.Duration {
	if len(m.Segments) == 0 || len(ref.Segments) == 0 {
		return base
	}
	l := &p.cfg.Profile.Timeline
	numbered, overlaps := alignSequence(m, ref, base)
	if overlaps && (reload || l.By == ByNumber) {
		return numbered
	}
	adjacent := m.MediaSequence == ref.MediaSequence+uint64(len(ref.Segments))
	apart := l.Apart
	switch {
	case reload && adjacent:
		return numbered
	case reload && m.MediaSequence < ref.MediaSequence:
		apart = l.Reset
	case reload:
		apart = l.Jump
	}
	if dated, ok := p.alignDate(m, ref, base); ok && (!reload || apart == "" || apart == PlaceDate) {
		if overlaps && (dated-numbered).Abs() < m.Segments[0].Duration/2 {
			return numbered
		}
		return dated
	}
	if overlaps || adjacent {
		return numbered
	}
	if apart == "" || apart == PlaceDate {
		apart = l.Apart
	}
	switch apart {
	case PlaceStart:
		if t := &p.main; p.cfg.Profile.Live.Sliding && t.media != nil {
			return base + p.now - t.changedAt // where the window has moved to
		}
		return base
	case PlaceZero:
		return 0
	case PlacePlayhead:
		return p.position(p.now)
	}
	if numbered != noPlace {
		return numbered
	}
	return base + ref.Duration - m.Duration
}

// alignDate is place by date-time, if both have one that counts.
func (p *Player) alignDate(m, ref *m3u8.Media, base time.Duration) (at time.Duration, ok bool) {
	if !m.HasProgramDateTime || !ref.HasProgramDateTime {
		return 0, false
	}
	most := 24 * time.Hour
	if d := time.Duration(p.cfg.Profile.Timeline.Dates); d > 0 {
		most = max(d, m.Duration)
	}
	d := m.Segments[0].ProgramDateTime.Sub(ref.Segments[0].ProgramDateTime)
	return base + d, d.Abs() < most
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

// setsAside reports whether a player does not take a playlist because its numbers
// went back.
func (p *Player) setsAside(old, m *m3u8.Media, reload bool) bool {
	l := &p.cfg.Profile.Timeline
	if old == nil || len(old.Segments) == 0 || len(m.Segments) == 0 || m.MediaSequence >= old.MediaSequence || !reload && !l.ResetOthers {
		return false
	}
	switch l.Reset {
	case ResetFatal:
		return true
	case ResetWait:
		return !overlap(old, m)
	}
	return false
}

// wentBack is why a session ends.
const wentBack = "the media sequence number went back"

// aside deals with such a playlist: it counts as one without news.
func (p *Player) aside(f *flight, t *track, m *m3u8.Media) {
	l := &p.cfg.Profile.Timeline
	t.misses++
	p.schedule(f, t, false)
	if d := time.Duration(l.ResetRetry); d > 0 {
		if p.caution != nil {
			p.caution.fail(withoutQuery(p.ladder.Renditions[f.rendition].URL), f.sent, f.counted, p.now)
		}
		if t.reloadAt(p.now + d); p.cfg.Profile.Reload.Together {
			p.main.scheduled = t.listAt
		}
	}
	t.numbersLower = l.Reset == ResetFatal && m.MediaSequence+uint64(len(m.Segments)) < t.media.MediaSequence
	switch {
	case t.numbersLower && p.state == stalled && p.ahead(t) == 0:
		p.finish(Fatal, wentBack)
	case t.listed() && p.cfg.Profile.Stale.Detect == StaleBufferEnd:
		p.noteStale(f, t) // what it looks for the end of is the playlist that was set aside
	case t.listed():
		p.stale(f, t)
	}
}
