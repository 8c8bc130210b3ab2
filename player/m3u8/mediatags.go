package m3u8

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const unreported = math.MaxUint64 // RenditionReport.LastMSN before it is filled in

func (p *parser) readTargetDuration() {
	n, rest, ok := leadingInteger(p.value)
	const want = "an integer of seconds >= 1"
	switch {
	case n > maxSeconds || !ok && rest != p.value && rest == "":
		n = maxSeconds
		p.wrong(OddNumber, p.value, want, "read as "+strconv.FormatInt(n, 10))
	case !ok:
		p.wrong(NoTargetDuration, p.value, want, leftOut)
		return
	case n < 1:
		n = 1
		p.wrong(SmallTargetDuration, p.value, want, "read as 1")
	case decimals(rest):
		p.wrong(DecimalNumber, p.value, want, "read as "+strconv.FormatInt(n, 10))
	case rest != "":
		p.wrong(OddNumber, p.value, want, "read as "+strconv.FormatInt(n, 10))
	}
	p.media.TargetDuration = time.Duration(n) * time.Second
}

// maxSeconds is the most that is believed of a target duration, which is
// multiplied.
const maxSeconds = 1_000_000_000

// readSequence reads a sequence number. There is room above it for whatever a
// playlist may list.
func (p *parser) readSequence() (uint64, bool) {
	n, rest, ok := leadingInteger(p.value)
	if !ok {
		p.leaveOut(BadSequence, shown(p.value), "an integer from 0 to 9223372036854775807")
		return 0, false
	}
	if rest != "" {
		p.wrong(OddNumber, p.value, "an integer", "read as "+strconv.FormatInt(n, 10))
	}
	return uint64(n), true
}

func (p *parser) readMediaSequence() {
	if len(p.media.Segments) > 0 {
		p.leaveOut(LateSequence, "it after a segment", "it before the first")
	} else if n, ok := p.readSequence(); ok {
		p.media.MediaSequence = n
	}
}

// readDiscontinuitySequence takes the number for that of the first segment,
// however late it comes.
func (p *parser) readDiscontinuitySequence() {
	n, ok := p.readSequence()
	if !ok {
		return
	}
	m := p.media
	if len(m.Segments) > 0 || p.segment.discontinuity > 0 {
		p.misplaced(LateTag, "it after a segment or EXT-X-DISCONTINUITY", "it before the first", "read on")
		for i := range m.Segments {
			m.Segments[i].DiscontinuitySequence += n - m.DiscontinuitySequence
		}
	}
	m.DiscontinuitySequence = n
}

// readPlaylistType reads EVENT or VOD, in any case, as hls.js does.
func (p *parser) readPlaylistType() {
	p.value = strings.ToUpper(p.value)
	if t := p.oneOf("EVENT", "VOD"); t != "" {
		p.media.Type = t
	}
}

func (p *parser) readPartInf() {
	var forgotten []Attribute
	var target time.Duration
	readTag(p, partInfTable, &target, &forgotten)
	p.require(IncompleteTag, "PART-TARGET above 0", target > 0)
	if p.err == nil {
		p.media.PartTarget = target
	}
}

func (p *parser) readServerControl() {
	var c ServerControl
	readTag(p, serverControlTable, &c, &c.Attributes)
	if p.err == nil {
		p.media.ServerControl = &c
	}
}

func (p *parser) readByteRange() {
	r := p.subRange()
	if r.Length == 0 {
		return
	}
	if p.segment.sub.Length > 0 {
		p.misplaced(TagAgain, "a second one for a segment", "one", "the last one counts")
	}
	p.segment.begun, p.segment.sub = true, r
}

func (p *parser) readDiscontinuity() {
	p.segment.begun = true
	p.segment.discontinuities++
	p.segment.discontinuity++
}

func (p *parser) readProgramDateTime() {
	t, ok := p.date(OddDate, BadDate)
	if !ok {
		return
	}
	if p.segment.dated {
		p.misplaced(TagAgain, "a second one for a segment", "one", "the last one counts")
	}
	p.segment.begun, p.segment.dated, p.segment.date = true, true, t
}

func (p *parser) readBitrate() {
	n, ok := p.integer(math.MaxInt64 / 1000)
	if !ok {
		return
	}
	p.segment.begun, p.segment.bitrated, p.segment.bitrate = true, true, n*1000
}

// methods of keys that are known.
var methods = []string{"NONE", "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR", "SAMPLE-AES-CENC", "AES-256", "AES-256-CTR", "AES-256-GCM"}

// key reads the attributes of EXT-X-KEY or EXT-X-SESSION-KEY.
func (p *parser) key() Key {
	var k Key
	readTag(p, keyTable, &k, &k.Attributes)
	p.name = ""
	if !slices.Contains(methods, k.Method) && k.Method != "" {
		p.leaveOut(KeyMethod, "METHOD="+shown(k.Method), "one of "+strings.Join(methods, ", "))
	}
	incomplete := IncompleteTag
	if p.kind == kindMultivariant {
		incomplete = IncompleteVariant
	}
	p.require(incomplete, "METHOD", k.Method != "")
	p.require(incomplete, "URI", k.URI != "" || k.Method == "NONE")
	k.URL = p.url(k.URI)
	return k
}

// hexadecimal checks a hexadecimal-sequence of at most 128 bits.
func hexadecimal(s string) bool {
	if len(s) < 3 || len(s) > 34 || s[0] != '0' || s[1]|0x20 != 'x' {
		return false
	}
	for i := 2; i < len(s); i++ {
		if !hexDigit(s[i]) {
			return false
		}
	}
	return true
}

// readKey replaces the key of the same format, or all of them for NONE
// (rfc8216bis 4.4.4.4). Segments share the slice, so it is copied first when
// one refers to it.
func (p *parser) readKey() {
	k := p.key()
	if p.err != nil {
		return
	}
	s := &p.segment
	s.begun = true
	if !s.keyed {
		s.keyed = true
		p.media.inherited.cleared = k.Method == "NONE" && p.media.Skip != nil
	}
	if k.Method == "NONE" {
		s.keys, s.keysTaken = nil, false
		return
	}
	at := 0
	for at < len(s.keys) && keyFormat(s.keys[at]) != keyFormat(k) {
		at++
	}
	if at < len(s.keys) && equalKey(s.keys[at], k) {
		return
	}
	if at == maxKeys {
		p.err = &Error{p.line, p.tag + ": got more than " + strconv.Itoa(maxKeys) + " formats; want no more"}
		return
	}
	p.count()
	if s.keysTaken {
		p.tags += len(s.keys)
		s.keys, s.keysTaken = append(make([]Key, 0, len(s.keys)+1), s.keys...), false
	}
	if at < len(s.keys) {
		s.keys[at] = k
	} else {
		s.keys = append(s.keys, k)
	}
}

func keyFormat(k Key) string {
	if k.KeyFormat == "" {
		return "identity"
	}
	return k.KeyFormat
}

func (p *parser) readMap() {
	var m Map
	readTag(p, mapTable, &m, &m.Attributes)
	p.require(IncompleteTag, "URI", m.URI != "")
	s := &p.segment
	same := p.err == nil && equalMap(s.initial, &m)
	if !same {
		m.URL = p.url(m.URI)
	}
	if p.err != nil {
		return
	}
	s.begun, s.mapped = true, true
	if !same {
		p.count()
		s.initial = &m
	}
}

func (p *parser) readPart() {
	s := &p.segment
	n := len(s.parts)
	part := grow(&s.parts, Part{Duration: -1})
	readTag(p, partTable, part, &part.Attributes)
	p.require(IncompleteTag, "URI", part.URI != "")
	p.require(IncompleteTag, "DURATION", part.Duration >= 0)
	if r := part.ByteRange; r != nil && r.Offset < 0 && p.err == nil {
		var before *Range
		same := false
		if n > 0 {
			before, same = s.parts[n-1].ByteRange, s.parts[n-1].URI == part.URI
		}
		*r = p.continued(*r, before, same)
	}
	part.URL = p.url(part.URI)
	if p.err == nil && n >= p.limits.Parts {
		p.err = &Error{p.line, p.tag + ": got more than " + strconv.Itoa(p.limits.Parts) + " parts; want no more"}
	}
	s.begun = s.begun || p.err == nil
	undo(p, &s.parts)
}

func (p *parser) readDateRange() {
	d := grow(&p.media.DateRanges, DateRange{Duration: -1, PlannedDuration: -1})
	readTag(p, dateRangeTable, d, &d.Attributes)
	p.require(IncompleteDateRange, "ID", d.ID != "")
	undo(p, &p.media.DateRanges)
}

func (p *parser) readSkip() {
	s := Skip{Segments: -1}
	readTag(p, skipTable, &s, &s.Attributes)
	p.require(IncompleteTag, "SKIPPED-SEGMENTS", s.Segments >= 0)
	if len(p.media.Segments) > 0 || p.segment.infLine > 0 {
		p.leaveOut(LateTag, "it after a segment", "it before the first")
	}
	if p.err == nil {
		p.media.Skip = &s
	}
}

func (p *parser) readPreloadHint() {
	h := grow(&p.media.PreloadHints, PreloadHint{Length: -1})
	readTag(p, preloadHintTable, h, &h.Attributes)
	p.require(IncompleteTag, "TYPE", h.Type != "")
	p.require(IncompleteTag, "URI", h.URI != "")
	h.URL = p.url(h.URI)
	if p.err == nil && h.Length > math.MaxInt64-h.Start {
		p.leaveOut(BadRange, shown(p.value0), "an end below 2^63")
	}
	undo(p, &p.media.PreloadHints)
}

func (p *parser) readRenditionReport() {
	r := grow(&p.media.RenditionReports, RenditionReport{LastMSN: unreported, LastPart: -1})
	readTag(p, renditionReportTable, r, &r.Attributes)
	p.require(IncompleteTag, "URI", r.URI != "")
	r.URL = p.url(r.URI)
	undo(p, &p.media.RenditionReports)
}
