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
	var target time.Duration
	for p.next() {
		switch p.name {
		case "PART-TARGET":
			target, _ = p.seconds()
		default:
			var forgotten []Attribute
			p.other(&forgotten)
		}
	}
	p.require(IncompleteTag, "PART-TARGET above 0", target > 0)
	if p.err == nil {
		p.media.PartTarget = target
	}
}

func (p *parser) readServerControl() {
	var c ServerControl
	for p.next() {
		switch p.name {
		case "CAN-SKIP-UNTIL":
			c.CanSkipUntil, _ = p.seconds()
		case "CAN-SKIP-DATERANGES":
			c.CanSkipDateRanges = p.yes()
		case "HOLD-BACK":
			c.HoldBack, _ = p.seconds()
		case "PART-HOLD-BACK":
			c.PartHoldBack, _ = p.seconds()
		case "CAN-BLOCK-RELOAD":
			c.CanBlockReload = p.yes()
		default:
			p.other(&c.Attributes)
		}
	}
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
	for p.next() {
		switch p.name {
		case "METHOD":
			k.Method = p.value
		case "URI":
			k.URI = p.value
		case "IV":
			ok, code, done := hexadecimal(p.value), BadAttribute, leftOut
			if len(p.value) < 10 {
				code = ShortIV
			}
			if ok {
				k.IV, done = p.value, "read as it is"
			}
			if !ok || code == ShortIV {
				p.wrong(code, p.value, "0x and 32 hexadecimal digits", done)
			}
		case "KEYFORMAT":
			k.KeyFormat = p.value
		case "KEYFORMATVERSIONS":
			k.KeyFormatVersions = p.value
		default:
			p.other(&k.Attributes)
		}
	}
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
	for p.next() {
		switch p.name {
		case "URI":
			m.URI = p.value
		case "BYTERANGE":
			r := p.subRange()
			if r.Length == 0 {
				continue
			}
			if r.Offset < 0 {
				p.wrong(NoOffset, p.value, "LENGTH@OFFSET in bytes", "read from 0")
				r.Offset = 0
			}
			m.ByteRange = &r
		default:
			p.other(&m.Attributes)
		}
	}
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
	var part Part
	var r Range
	hasDuration := false
	for p.next() {
		switch p.name {
		case "URI":
			part.URI = p.value
		case "DURATION":
			part.Duration, hasDuration = p.seconds()
		case "INDEPENDENT":
			part.Independent = p.yes()
		case "BYTERANGE":
			r = p.subRange()
		case "GAP":
			part.Gap = p.yes()
		default:
			p.other(&part.Attributes)
		}
	}
	p.require(IncompleteTag, "URI", part.URI != "")
	p.require(IncompleteTag, "DURATION", hasDuration)
	s := &p.segment
	if n := len(s.parts); r.Length > 0 && p.err == nil {
		if r.Offset < 0 {
			var before *Range
			same := false
			if n > 0 {
				before, same = s.parts[n-1].ByteRange, s.parts[n-1].URI == part.URI
			}
			r = p.continued(r, before, same)
		}
		part.ByteRange = s.keep(r)
	}
	part.URL = p.url(part.URI)
	if p.err == nil && len(s.parts) >= p.limits.Parts {
		p.err = &Error{p.line, p.tag + ": got more than " + strconv.Itoa(p.limits.Parts) + " parts; want no more"}
	}
	if p.err == nil {
		s.begun = true
		s.parts = append(s.parts, part)
	}
}

func (p *parser) readDateRange() {
	d := DateRange{Duration: -1, PlannedDuration: -1}
	for p.next() {
		switch p.name {
		case "ID":
			d.ID = p.value
		case "CLASS":
			d.Class = p.value
		case "START-DATE":
			d.StartDate, _ = p.date(IncompleteDateRange, IncompleteDateRange)
		case "END-DATE":
			d.EndDate, _ = p.date(IncompleteDateRange, IncompleteDateRange)
		case "DURATION":
			d.Duration = p.optionalSeconds()
		case "PLANNED-DURATION":
			d.PlannedDuration = p.optionalSeconds()
		case "CUE":
			d.Cue = p.value
		case "END-ON-NEXT":
			d.EndOnNext = p.yes()
		default:
			p.other(&d.Attributes)
		}
	}
	p.require(IncompleteDateRange, "ID", d.ID != "")
	if p.err == nil {
		p.media.DateRanges = append(p.media.DateRanges, d)
	}
}

// optionalSeconds is -1 when there are none.
func (p *parser) optionalSeconds() time.Duration {
	if d, ok := p.seconds(); ok {
		return d
	}
	return -1
}

func (p *parser) readSkip() {
	var s Skip
	has := false
	for p.next() {
		switch p.name {
		case "SKIPPED-SEGMENTS":
			n, ok := p.integer(math.MaxInt64)
			if n > int64(p.limits.Segments) && p.err == nil {
				// What it stands for cannot be left out.
				p.err = p.refusal(p.what(), shown(p.value), "an integer from 0 to "+strconv.Itoa(p.limits.Segments))
			}
			s.Segments, has = int(n), ok
		case "RECENTLY-REMOVED-DATERANGES":
			s.RecentlyRemovedDateRanges = []string{}
			if p.value != "" {
				s.RecentlyRemovedDateRanges = strings.Split(p.value, "\t")
			}
		default:
			p.other(&s.Attributes)
		}
	}
	p.require(IncompleteTag, "SKIPPED-SEGMENTS", has)
	if len(p.media.Segments) > 0 || p.segment.infLine > 0 {
		p.leaveOut(LateTag, "it after a segment", "it before the first")
	}
	if p.err == nil {
		p.media.Skip = &s
	}
}

func (p *parser) readPreloadHint() {
	h := PreloadHint{Length: -1}
	for p.next() {
		switch p.name {
		case "TYPE":
			h.Type = p.oneOf("PART", "MAP")
		case "URI":
			h.URI = p.value
		case "BYTERANGE-START":
			h.Start, _ = p.integer(math.MaxInt64)
		case "BYTERANGE-LENGTH":
			if n, ok := p.integer(math.MaxInt64); ok {
				h.Length = n
			}
		default:
			p.other(&h.Attributes)
		}
	}
	p.require(IncompleteTag, "TYPE", h.Type != "")
	p.require(IncompleteTag, "URI", h.URI != "")
	h.URL = p.url(h.URI)
	if p.err == nil && h.Length > math.MaxInt64-h.Start {
		p.leaveOut(BadRange, shown(p.value0), "an end below 2^63")
	}
	if p.err == nil {
		p.media.PreloadHints = append(p.media.PreloadHints, h)
	}
}

func (p *parser) readRenditionReport() {
	r := RenditionReport{LastMSN: unreported, LastPart: -1}
	for p.next() {
		switch p.name {
		case "URI":
			r.URI = p.value
		case "LAST-MSN":
			if n, ok := p.integer(math.MaxInt64); ok {
				r.LastMSN = uint64(n)
			}
		case "LAST-PART":
			if n, ok := p.integer(math.MaxInt32); ok {
				r.LastPart = int(n)
			}
		default:
			p.other(&r.Attributes)
		}
	}
	p.require(IncompleteTag, "URI", r.URI != "")
	r.URL = p.url(r.URI)
	if p.err == nil {
		p.media.RenditionReports = append(p.media.RenditionReports, r)
	}
}
