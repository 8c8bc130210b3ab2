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
	if p.kind != kindMedia {
		p.list("EXTINF", value)
		if mine, err := p.become(kindMedia, "EXTINF"); err != nil || !mine {
			return err
		}
	}
	s := &p.segment
	if s.infLine > 0 {
		p.list("EXTINF", value)
		p.wrong(EXTINFTwice, value, "a URI line after the one in line "+strconv.Itoa(s.infLine), "the last one counts")
	}
	duration, title, comma := value, "", strings.IndexByte(value, ',')
	if comma >= 0 {
		duration, title = value[:comma], trim(value[comma+1:])
	}
	trimmed := trim(duration)
	d, ok := seconds(trimmed)
	if !ok {
		d = p.oddDuration(trimmed)
	} else if comma > 0 && (value[comma-1] == ' ' || value[comma-1] == '\t') {
		p.list("EXTINF", value)
		p.wrong(EXTINFSpace, value, "a comma right after the number", "read on")
	}
	s.begun, s.infLine, s.duration, s.title = true, p.line, d, title
	return nil
}

// oddDuration reads what is no number of seconds.
func (p *parser) oddDuration(s string) time.Duration {
	p.list("EXTINF", s)
	if s == "" {
		p.wrong(NoDuration, s, "a number of seconds >= 0", "read as 0")
		return 0
	}
	n := leadingNumber(s)
	d, ok := seconds(s[:n])
	if !ok && n == len(s) && n > 1 {
		p.wrong(OddNumber, s, "durations of less than 292 years", "read as 0")
		return 0
	}
	if !ok {
		p.wrong(BadEXTINF, s, "a number of seconds >= 0", "read as 0")
		return 0
	}
	p.wrong(BadEXTINF, s, "a number of seconds >= 0", "read as "+s[:n])
	return d
}

// endSegment takes the URI line.
func (p *parser) endSegment(uri string) error {
	m, next := p.media, &p.segment
	if next.infLine == 0 {
		p.wrong(NoEXTINF, uri, "EXTINF before it", "read as a segment of 0 s")
		next.duration, next.title = 0, ""
	}
	n := len(m.Segments)
	if n >= p.limits.Segments {
		return &Error{p.line, "got more than " + strconv.Itoa(p.limits.Segments) + " segments; want no more"}
	}
	if m.Duration+next.duration < 0 {
		p.wrong(OddNumber, uri, "durations of less than 292 years in all", "read as a segment of 0 s")
		next.duration = 0
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
	s.URL = p.segmentURL(uri)
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
	s.Gap = s.Gap || s.URL == ""
	m.Duration += next.duration
	if m.Skip != nil {
		p.inherit()
	}
	next.begun, next.infLine, next.sub, next.discontinuities = false, 0, Range{}, 0
	next.dated, next.gap, next.part, next.unknown = false, false, len(next.parts), nil
	return p.err
}

// segmentURL is that of a segment; "" = its URI is none, and it cannot be asked
// for.
func (p *parser) segmentURL(uri string) string {
	u, ok := p.urls.resolve(uri)
	if !ok && !p.spent() {
		p.wrong(BadURI, uri, "a URI reference (RFC 3986)", "read as a gap")
		return ""
	}
	return u
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
	return p.media.MediaSequence + uint64(n)
}

// segmentRange returns the byte range of the segment being read. Without an
// offset it continues the one before (rfc8216bis 4.4.4.2).
func (p *parser) segmentRange(uri string) *Range {
	r, segments := p.segment.sub, p.media.Segments
	if r.Offset < 0 && len(segments) > 1 {
		before := &segments[len(segments)-2]
		r = p.continued(r, before.ByteRange, before.URI == uri)
	} else if r.Offset < 0 && p.media.Skip == nil {
		r = p.continued(r, nil, false)
	}
	return p.segment.keep(r)
}

// continued gives r the offset at which the range before it ends, if that is
// known. It ought to be of the same URI; players do not look.
func (p *parser) continued(r Range, before *Range, same bool) Range {
	if before == nil || !same {
		p.wrong(NoOffset, strconv.FormatInt(r.Length, 10), "an offset, or a byte range of the same URI before it", "read on from the range before it, or 0")
	}
	switch {
	case before == nil:
		r.Offset = 0
	case before.Offset >= 0:
		if r.Offset = before.Offset + before.Length; r.Offset > math.MaxInt64-r.Length {
			p.wrong(BadRange, strconv.FormatInt(r.Length, 10), "an end below 2^63", "read from 0")
			r.Offset = 0
		}
	}
	return r
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
	if m.TargetDuration == 0 && !p.guessTarget() {
		return &Error{p.line, "got no EXT-X-TARGETDURATION in the whole playlist; want one"}
	}
	parts := next.parts[next.part:]
	m.Truncated = next.infLine > 0 || next.sub.Length > 0 || next.dated && len(parts) == 0
	m.Version, m.IndependentSegments, m.Start = p.version, p.independent, p.start
	m.Defines, m.Findings = p.defines, p.findings()
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

// guessTarget takes the longest segment's duration for the target duration. It
// returns false when there is none.
func (p *parser) guessTarget() bool {
	longest := time.Duration(0)
	for i := range p.media.Segments {
		longest = max(longest, p.media.Segments[i].Duration)
	}
	if longest == 0 {
		return false
	}
	seconds := min((longest-1)/time.Second+1, maxSeconds)
	p.media.TargetDuration = seconds * time.Second
	if p.odd == nil || p.odd.times[NoTargetDuration] == 0 {
		p.find(NoTargetDuration, "got no EXT-X-TARGETDURATION in the whole playlist; want one: the longest segment's duration is taken")
	}
	return true
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
