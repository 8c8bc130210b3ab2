package m3u8

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pending is what the tags say about segments to come.
type pending struct {
	// Of the next segment only.
	begun           bool // one of its tags was there
	infLine         int  // of its EXTINF, 0 = none yet
	duration        time.Duration
	title           string
	sub             Range // its EXT-X-BYTERANGE, Length 0 = none
	discontinuities uint64
	date            time.Time
	dated           bool
	gap             bool
	part            int // its first part in parts
	unknown         []Tag

	// Of every segment until the next tag.
	discontinuity uint64 // EXT-X-DISCONTINUITY so far
	initial       *Map
	keys          []Key
	keysTaken     bool // a segment refers to keys
	keyed, mapped bool // an EXT-X-KEY, an EXT-X-MAP was there
	bitrate       int64
	bitrated      bool

	parts  []Part  // of all segments
	ranges []Range // room for byte ranges
}

func (p *parser) extinf(value string) error {
	if err := p.become(kindMedia, "EXTINF"); err != nil {
		return err
	}
	s := &p.segment
	if s.infLine > 0 {
		return &Error{p.line, "EXTINF: got no URI line after the one in line " + strconv.Itoa(s.infLine) + "; want one"}
	}
	duration, title := value, ""
	if comma := strings.IndexByte(value, ','); comma >= 0 {
		duration, title = value[:comma], trim(value[comma+1:])
	}
	d, ok := seconds(trim(duration))
	if !ok {
		return p.refusal("EXTINF", shown(duration), "a number of seconds >= 0")
	}
	s.begun, s.infLine, s.duration, s.title = true, p.line, d, title
	return nil
}

// endSegment takes the URI line.
func (p *parser) endSegment(uri string) error {
	m, next := p.media, &p.segment
	p.list("segment", uri)
	if next.infLine == 0 {
		return p.refusal("URI line", shown(uri), "EXTINF before it")
	}
	n := len(m.Segments)
	if n >= p.limits.Segments {
		return &Error{p.line, "got more than " + strconv.Itoa(p.limits.Segments) + " segments; want no more"}
	}
	if m.Duration+next.duration < 0 {
		return &Error{p.line, "got durations of more than 292 years in all; want less"}
	}
	if n == 0 {
		p.makeRoom()
	}
	if n < cap(m.Segments) {
		m.Segments = m.Segments[:n+1]
	} else {
		m.Segments = append(m.Segments, Segment{})
	}
	s := &m.Segments[n]
	s.Line = p.line
	s.URI = uri
	s.URL = p.url(uri)
	s.Duration = next.duration
	if next.title != "" {
		s.Title = next.title
	}
	if next.sub.Length > 0 {
		s.ByteRange = p.segmentRange(uri)
	}
	if len(next.parts) > next.part {
		s.Parts = next.parts[next.part:len(next.parts):len(next.parts)]
	}
	p.describe(s, n)
	m.Duration += next.duration
	if m.Skip != nil {
		p.inherit()
	}
	next.begun, next.infLine, next.sub, next.discontinuities = false, 0, Range{}, 0
	next.dated, next.gap, next.part, next.unknown = false, false, len(next.parts), nil
	return p.err
}

// makeRoom guesses from the first segment how many will come.
func (p *parser) makeRoom() {
	lines := 2
	if p.segment.dated {
		lines++
	}
	if p.segment.sub.Length > 0 {
		lines++
	}
	room := 1 + max(strings.Count(p.text, "\n")-p.line, 0)/lines
	room = min(room, p.limits.Segments)
	p.media.Segments = make([]Segment, 0, room)
	p.urls.expect = room
}

// describe sets what does not need the URI line: it serves a segment and
// [Media.Next], as the n-th of the list. The segment is zero before; pointers
// are stored only where there are some, which the garbage collector likes.
func (p *parser) describe(s *Segment, n int) {
	m, next := p.media, &p.segment
	s.Start = m.Duration
	s.Sequence = p.sequenceOf(n)
	s.Discontinuity = next.discontinuities > 0
	s.DiscontinuitySequence = m.DiscontinuitySequence + next.discontinuity
	s.Gap = next.gap
	if next.initial != nil {
		s.Map = next.initial
	}
	if next.keys != nil {
		s.Keys, next.keysTaken = next.keys, true
	}
	if s.ByteRange == nil {
		s.Bitrate = next.bitrate
	}
	if next.dated {
		s.ProgramDateTime = next.date
		m.HasProgramDateTime = true
	}
	if next.unknown != nil {
		s.Unknown = next.unknown
	}
}

func (p *parser) sequenceOf(n int) uint64 {
	if p.media.Skip != nil {
		n += p.media.Skip.Segments
	}
	if p.media.MediaSequence > math.MaxUint64-uint64(n) && p.err == nil {
		p.err = p.refusal("media sequence number", "an overflow", "at most 18446744073709551615")
	}
	return p.media.MediaSequence + uint64(n)
}

// segmentRange returns the byte range of the segment being read. Without an
// offset it continues the one before (rfc8216bis 4.4.4.2).
func (p *parser) segmentRange(uri string) *Range {
	r, segments := p.segment.sub, p.media.Segments
	if r.Offset < 0 && len(segments) > 1 {
		before := &segments[len(segments)-2]
		if before.URI == uri && before.ByteRange != nil {
			r = p.continued(r, *before.ByteRange)
		} else {
			p.noOffset()
		}
	} else if r.Offset < 0 && p.media.Skip == nil {
		p.noOffset()
	}
	return p.segment.keep(r)
}

// continued gives r the offset at which before ends, if that is known.
func (p *parser) continued(r, before Range) Range {
	if before.Offset < 0 {
		return r
	}
	r.Offset = before.Offset + before.Length
	if r.Offset > math.MaxInt64-r.Length && p.err == nil {
		p.err = p.refusal("byte range", "an overflow", "an end below 2^63")
	}
	return r
}

func (p *parser) noOffset() {
	if p.err == nil {
		p.err = p.refusal("byte range", "no offset", "one, or a byte range of the same URI before it")
	}
}

// keep returns a pointer to a copy of r; they share room.
func (n *pending) keep(r Range) *Range {
	if len(n.ranges) == cap(n.ranges) {
		n.ranges = make([]Range, 0, min(max(16, 2*cap(n.ranges)), 1024))
	}
	n.ranges = append(n.ranges, r)
	return &n.ranges[len(n.ranges)-1]
}

// inherit counts a segment that depends on a skipped one.
func (p *parser) inherit() {
	in := &p.media.inherited
	if !p.segment.keyed {
		in.keys++
	}
	if !p.segment.mapped {
		in.maps++
	}
	if !p.segment.bitrated {
		in.bitrates++
	}
}

func (p *parser) finishMedia() error {
	m, next := p.media, &p.segment
	if p.once&(1<<tagTargetDuration) == 0 {
		return &Error{p.line, "got no EXT-X-TARGETDURATION in the whole playlist; want one"}
	}
	parts := next.parts[next.part:]
	m.Truncated = next.infLine > 0 || next.sub.Length > 0 || next.dated && len(parts) == 0
	m.Version, m.IndependentSegments, m.Start = p.version, p.independent, p.start
	m.Defines, m.Findings = p.defines, p.findings
	m.Unknown = append(p.unknown, next.unknown...)
	next.unknown = nil
	if len(parts) > 0 {
		m.Parts = parts[:len(parts):len(parts)]
	}
	p.finishNext()
	if m.HasProgramDateTime {
		extrapolate(m.Segments, m.Next)
	}
	for i := range m.RenditionReports {
		if r := &m.RenditionReports[i]; r.LastMSN == unreported {
			r.LastMSN = p.sequenceOf(max(len(m.Segments), 1) - 1)
		}
	}
	return p.err
}

// finishNext sets Media.Next if there is something to say.
func (p *parser) finishNext() {
	m, next := p.media, &p.segment
	var last Segment
	if len(m.Segments) > 0 {
		last = m.Segments[len(m.Segments)-1]
	}
	if len(m.Parts) == 0 && next.discontinuities == 0 && !next.dated && !next.gap &&
		last.Map == next.initial && equalKeys(last.Keys, next.keys) && last.Bitrate == next.bitrate {
		return
	}
	m.Next = &Segment{Line: p.line}
	p.describe(m.Next, len(m.Segments))
	if m.Skip != nil {
		p.inherit()
	}
}

// extrapolate gives a date to every segment, from the last one before it, or,
// at the beginning, from the first one (rfc8216bis 6.3.3). Those that have one
// of their own keep it.
func extrapolate(segments []Segment, next *Segment) {
	date, known := time.Time{}, false
	each := func(s *Segment) {
		if s.Extrapolated || s.ProgramDateTime.IsZero() {
			s.ProgramDateTime, s.Extrapolated = date, true
		}
		date, known = s.ProgramDateTime.Add(s.Duration), true
	}
	for i := range segments {
		s := &segments[i]
		if !known {
			if s.Extrapolated || s.ProgramDateTime.IsZero() {
				continue
			}
			date = s.ProgramDateTime
			for j := i - 1; j >= 0; j-- {
				date = date.Add(-segments[j].Duration)
				segments[j].ProgramDateTime, segments[j].Extrapolated = date, true
			}
		}
		each(s)
	}
	if next == nil {
		return
	}
	if !known {
		date = next.ProgramDateTime
		for j := len(segments) - 1; j >= 0; j-- {
			date = date.Add(-segments[j].Duration)
			segments[j].ProgramDateTime, segments[j].Extrapolated = date, true
		}
	}
	each(next)
}

func equalKeys(a, b []Key) bool {
	if len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) {
		return true
	}
	return slices.EqualFunc(a, b, equalKey)
}

func equalKey(a, b Key) bool {
	return a.Method == b.Method && a.URI == b.URI && a.IV == b.IV && a.KeyFormat == b.KeyFormat &&
		a.KeyFormatVersions == b.KeyFormatVersions && slices.Equal(a.Attributes, b.Attributes)
}

func equalMap(a, b *Map) bool {
	if a == b || a == nil || b == nil {
		return a == b
	}
	return a.URI == b.URI && equalRange(a.ByteRange, b.ByteRange) && slices.Equal(a.Attributes, b.Attributes)
}

func equalRange(a, b *Range) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
