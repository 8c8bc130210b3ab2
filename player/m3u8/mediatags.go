package m3u8

import (
	"math"
	"strconv"
	"strings"
	"time"
)

const unreported = math.MaxUint64 // RenditionReport.LastMSN before it is filled in

func (p *parser) readTargetDuration() {
	n, ok := integer(p.value)
	if !ok || n < 1 || n > int64(math.MaxInt64/time.Second) {
		p.bad("an integer of seconds >= 1")
		return
	}
	p.media.TargetDuration = time.Duration(n) * time.Second
}

// readSequence reads a number that must come before the first segment.
func (p *parser) readSequence() uint64 {
	if len(p.media.Segments) > 0 || p.segment.infLine > 0 {
		p.err = &Error{p.line, p.tag + ": got it after a segment; want it before the first"}
	}
	return p.sequence()
}

func (p *parser) readDiscontinuitySequence() {
	n := p.readSequence()
	if p.segment.discontinuity > 0 && p.err == nil {
		p.err = &Error{p.line, p.tag + ": got it after EXT-X-DISCONTINUITY; want it before the first"}
	}
	if n > math.MaxUint64-uint64(p.limits.Body) {
		p.bad("a number that leaves room for discontinuities")
	}
	p.media.DiscontinuitySequence = n
}

func (p *parser) readPartInf() {
	var target time.Duration
	for p.next() {
		switch p.name {
		case "PART-TARGET":
			target = p.seconds()
		default:
			var forgotten []Attribute
			p.other(&forgotten)
		}
	}
	p.require("PART-TARGET above 0", target > 0)
	if p.err == nil {
		p.media.PartTarget = target
	}
}

func (p *parser) readServerControl() {
	var c ServerControl
	for p.next() {
		switch p.name {
		case "CAN-SKIP-UNTIL":
			c.CanSkipUntil = p.seconds()
		case "CAN-SKIP-DATERANGES":
			c.CanSkipDateRanges = p.yes()
		case "HOLD-BACK":
			c.HoldBack = p.seconds()
		case "PART-HOLD-BACK":
			c.PartHoldBack = p.seconds()
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
	if p.segment.sub.Length > 0 && p.err == nil {
		p.err = &Error{p.line, p.tag + ": got a second one for a segment; want one"}
	}
	if p.err == nil {
		p.segment.begun, p.segment.sub = true, r
	}
}

func (p *parser) readDiscontinuity() {
	p.segment.begun = true
	p.segment.discontinuities++
	p.segment.discontinuity++
}

func (p *parser) readProgramDateTime() {
	t := p.date()
	if p.segment.dated && p.err == nil {
		p.err = &Error{p.line, p.tag + ": got a second one for a segment; want one"}
	}
	if p.err == nil {
		p.segment.begun, p.segment.dated, p.segment.date = true, true, t
	}
}

func (p *parser) readBitrate() {
	n, ok := integer(p.value)
	if !ok || n > math.MaxInt64/1000 {
		p.bad("an integer of kbit/s")
		return
	}
	p.segment.begun, p.segment.bitrated, p.segment.bitrate = true, true, n*1000
}

// key reads the attributes of EXT-X-KEY or EXT-X-SESSION-KEY.
func (p *parser) key() Key {
	var k Key
	for p.next() {
		switch p.name {
		case "METHOD":
			k.Method = p.oneOf("NONE", "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR", "AES-256-GCM")
		case "URI":
			k.URI = p.value
		case "IV":
			if !hexadecimal(p.value) {
				p.bad("0x and up to 32 hexadecimal digits")
			}
			k.IV = p.value
		case "KEYFORMAT":
			k.KeyFormat = p.value
		case "KEYFORMATVERSIONS":
			k.KeyFormatVersions = p.value
		default:
			p.other(&k.Attributes)
		}
	}
	p.require("METHOD", k.Method != "")
	p.require("URI", k.URI != "" || k.Method == "NONE")
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
			if r.Offset < 0 {
				p.bad("LENGTH@OFFSET in bytes")
			}
			m.ByteRange = &r
		default:
			p.other(&m.Attributes)
		}
	}
	p.require("URI", m.URI != "")
	if p.err != nil {
		return
	}
	s := &p.segment
	s.begun, s.mapped = true, true
	if equalMap(s.initial, &m) {
		return
	}
	m.URL = p.url(m.URI)
	p.count()
	s.initial = &m
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
			part.Duration, hasDuration = p.seconds(), true
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
	p.require("URI", part.URI != "")
	p.require("DURATION", hasDuration)
	s := &p.segment
	if n := len(s.parts); r.Length > 0 && p.err == nil {
		if r.Offset < 0 {
			if n > 0 && s.parts[n-1].URI == part.URI && s.parts[n-1].ByteRange != nil {
				r = p.continued(r, *s.parts[n-1].ByteRange)
			} else {
				p.noOffset()
			}
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
			d.StartDate = p.date()
		case "END-DATE":
			d.EndDate = p.date()
		case "DURATION":
			d.Duration = p.seconds()
		case "PLANNED-DURATION":
			d.PlannedDuration = p.seconds()
		case "CUE":
			d.Cue = p.value
		case "END-ON-NEXT":
			d.EndOnNext = p.yes()
		default:
			p.other(&d.Attributes)
		}
	}
	p.require("ID", d.ID != "")
	if p.err == nil {
		p.media.DateRanges = append(p.media.DateRanges, d)
	}
}

func (p *parser) readSkip() {
	var s Skip
	has := false
	for p.next() {
		switch p.name {
		case "SKIPPED-SEGMENTS":
			s.Segments, has = int(p.integer(int64(p.limits.Segments))), true
		case "RECENTLY-REMOVED-DATERANGES":
			s.RecentlyRemovedDateRanges = []string{}
			if p.value != "" {
				s.RecentlyRemovedDateRanges = strings.Split(p.value, "\t")
			}
		default:
			p.other(&s.Attributes)
		}
	}
	p.require("SKIPPED-SEGMENTS", has)
	if p.err == nil && (len(p.media.Segments) > 0 || p.segment.begun) {
		p.err = &Error{p.line, p.tag + ": got it after a segment's tags; want it before the first"}
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
			h.Start = p.integer(math.MaxInt64)
		case "BYTERANGE-LENGTH":
			h.Length = p.integer(math.MaxInt64)
		default:
			p.other(&h.Attributes)
		}
	}
	p.require("TYPE", h.Type != "")
	p.require("URI", h.URI != "")
	h.URL = p.url(h.URI)
	if p.err == nil && h.Length > math.MaxInt64-h.Start {
		p.err = p.refusal(p.tag, shown(p.value0), "an end below 2^63")
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
			r.LastMSN = p.sequence()
		case "LAST-PART":
			r.LastPart = int(p.integer(math.MaxInt32))
		default:
			p.other(&r.Attributes)
		}
	}
	p.require("URI", r.URI != "")
	r.URL = p.url(r.URI)
	if p.err == nil {
		p.media.RenditionReports = append(p.media.RenditionReports, r)
	}
}
