package m3u8

import (
	"slices"
	"strconv"
	"strings"
)

// stream says whether an EXT-X-STREAM-INF waits for its URI line.
type stream uint8

const (
	streamNone    stream = iota
	streamRead           // waits
	streamIgnored        // waits, to be left out together with it
)

func (p *parser) readStreamInf() {
	if p.waiting == streamRead {
		// hls.js gives the URI line to the first one, and the tags between them
		// are comments to it.
		p.noURI(p.line)
		p.err = errLeftOut
		return
	}
	if p.value0 == "" {
		p.leaveOut(IncompleteVariant, "no attributes", "BANDWIDTH")
		return
	}
	if p.variant == nil {
		p.variant = new(Variant)
	}
	p.readVariant(p.variant, variantTable[:len(variantTable)-1])
	if p.err == nil {
		p.waiting = streamRead
	}
}

func (p *parser) readIFrameStreamInf() {
	v := grow(&p.multi.IFrameVariants, Variant{})
	p.readVariant(v, variantTable)
	p.require(IncompleteVariant, "URI", v.URI != "")
	v.URL = p.url(v.URI)
	p.within(len(p.multi.IFrameVariants) - 1)
	undo(p, &p.multi.IFrameVariants)
}

// readVariant reads the attributes of EXT-X-STREAM-INF or
// EXT-X-I-FRAME-STREAM-INF.
func (p *parser) readVariant(v *Variant, table []row[Variant]) {
	*v = Variant{Line: p.line, Bandwidth: -1}
	readTag(p, table, v, &v.Attributes)
	if v.Bandwidth < 0 && p.err == nil {
		p.name = ""
		v.Bandwidth = v.AverageBandwidth
		p.wrong(NoBandwidth, p.value0, "BANDWIDTH", "AVERAGE-BANDWIDTH, or 0, is taken")
	}
}

// endVariant takes the URI line of the waiting EXT-X-STREAM-INF.
func (p *parser) endVariant(uri string) error {
	p.list("EXT-X-STREAM-INF", uri)
	p.within(len(p.multi.Variants))
	p.variant.URI = uri
	p.variant.URL = p.url(uri)
	p.waiting = streamNone
	if p.err == errLeftOut {
		return nil
	}
	if p.err == nil {
		if p.multi.Variants == nil {
			more := strings.Count(p.text, "\n#EXT-X-STREAM-INF:") // as a guess, and one
			p.multi.Variants = make([]Variant, 0, min(1+more, p.limits.Variants))
		}
		p.multi.Variants = append(p.multi.Variants, *p.variant)
	}
	return p.err
}

// within refuses one more than Limits.Variants.
func (p *parser) within(n int) {
	if p.err == nil && n >= p.limits.Variants {
		p.err = &Error{p.line, p.tag + ": got more than " + strconv.Itoa(p.limits.Variants) + "; want no more"}
	}
}

// noURI notes that the EXT-X-STREAM-INF of a line has no URI line of its own.
func (p *parser) noURI(line int) {
	at := p.line
	p.line, p.tag, p.name = line, "EXT-X-STREAM-INF", ""
	p.leaveOut(NoURILine, "no URI line of its own", "one")
	p.line, p.err = at, nil
}

var renditionTypes = []string{"AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"}

func (p *parser) readRendition() {
	r := grow(&p.multi.Renditions, Rendition{Line: p.line})
	readTag(p, renditionTable, r, &r.Attributes)
	p.require(NoType, "TYPE", r.Type != "")
	if !slices.Contains(renditionTypes, r.Type) {
		p.leaveOut(UnknownType, "TYPE="+shown(r.Type), "one of "+strings.Join(renditionTypes, ", "))
	}
	p.require(NoGroupID, "GROUP-ID", r.GroupID != "")
	if r.Name == "" && p.err == nil {
		p.name = ""
		p.wrong(NoName, p.value0, "NAME", "read without")
	}
	r.URL = p.url(r.URI)
	p.within(len(p.multi.Renditions) - 1)
	undo(p, &p.multi.Renditions)
}

func (p *parser) readSessionData() {
	d := grow(&p.multi.SessionData, SessionData{})
	readTag(p, sessionDataTable, d, &d.Attributes)
	p.require(IncompleteVariant, "DATA-ID", d.DataID != "")
	if p.has("VALUE") == (d.URI != "") {
		p.leaveOut(IncompleteVariant, shown(p.value0), "exactly one of VALUE and URI")
	}
	d.URL = p.url(d.URI)
	undo(p, &p.multi.SessionData)
}

func (p *parser) readSessionKey() {
	k := p.key()
	if k.Method == "NONE" {
		p.leaveOut(IncompleteVariant, "METHOD=NONE", "a method")
	}
	if p.err == nil {
		p.multi.SessionKeys = append(p.multi.SessionKeys, k)
	}
}

func (p *parser) readContentSteering() {
	var s Steering
	readTag(p, steeringTable, &s, &s.Attributes)
	p.require(NoServerURI, "SERVER-URI", s.ServerURI != "")
	s.ServerURL = p.url(s.ServerURI)
	if p.err == nil {
		p.multi.Steering = &s
	}
}

func (p *parser) finishMultivariant() {
	if p.waiting == streamRead {
		p.noURI(p.variant.Line)
	}
}

// multivariant returns the finished playlist.
func (p *parser) multivariant() *Multivariant {
	m := p.multi
	if m == nil {
		m = new(Multivariant)
	}
	m.Version, m.IndependentSegments, m.Start = p.version, p.independent, p.start
	m.Defines, m.Unknown, m.Findings = p.defines, p.unknown, p.findings()
	return m
}
