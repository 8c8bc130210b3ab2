package m3u8

import (
	"math"
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
	v := p.readVariant(true)
	if p.err == nil {
		p.variant, p.waiting = v, streamRead
	}
}

func (p *parser) readIFrameStreamInf() {
	v := p.readVariant(false)
	p.require(IncompleteVariant, "URI", v.URI != "")
	v.URL = p.url(v.URI)
	p.within(len(p.multi.IFrameVariants))
	if p.err == nil {
		p.multi.IFrameVariants = append(p.multi.IFrameVariants, v)
	}
}

// readVariant reads the attributes of EXT-X-STREAM-INF, or, without a URI
// line, of EXT-X-I-FRAME-STREAM-INF.
func (p *parser) readVariant(uriLine bool) Variant {
	v := Variant{Line: p.line}
	hasBandwidth := false
	for p.next() {
		switch p.name {
		case "BANDWIDTH":
			v.Bandwidth, hasBandwidth = p.integer(math.MaxInt64)
		case "AVERAGE-BANDWIDTH":
			v.AverageBandwidth, _ = p.integer(math.MaxInt64)
		case "SCORE":
			v.Score = p.float()
		case "CODECS":
			v.Codecs = p.value
		case "SUPPLEMENTAL-CODECS":
			v.SupplementalCodecs = p.value
		case "RESOLUTION":
			v.Width, v.Height = p.resolution()
		case "FRAME-RATE":
			v.FrameRate = p.float()
		case "HDCP-LEVEL":
			v.HDCPLevel = p.oneOf("NONE", "TYPE-0", "TYPE-1")
		case "ALLOWED-CPC":
			v.AllowedCPC = p.value
		case "VIDEO-RANGE":
			v.VideoRange = p.oneOf("SDR", "HLG", "PQ")
		case "REQ-VIDEO-LAYOUT":
			v.ReqVideoLayout = p.value
		case "STABLE-VARIANT-ID":
			v.StableVariantID = p.value
		case "PATHWAY-ID":
			v.PathwayID = p.value
		case "AUDIO":
			v.Audio = p.value
		case "VIDEO":
			v.Video = p.value
		case "SUBTITLES":
			v.Subtitles = p.value
		case "CLOSED-CAPTIONS":
			v.ClosedCaptions = p.value
		case "URI":
			if uriLine {
				p.other(&v.Attributes)
			} else {
				v.URI = p.value
			}
		default:
			p.other(&v.Attributes)
		}
	}
	if !hasBandwidth && p.err == nil {
		p.name = ""
		v.Bandwidth = v.AverageBandwidth
		p.wrong(NoBandwidth, p.value0, "BANDWIDTH", "AVERAGE-BANDWIDTH, or 0, is taken")
	}
	return v
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
		p.multi.Variants = append(p.multi.Variants, p.variant)
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
	r := Rendition{Line: p.line}
	for p.next() {
		switch p.name {
		case "TYPE":
			r.Type = p.value
		case "URI":
			r.URI = p.value
		case "GROUP-ID":
			r.GroupID = p.value
		case "NAME":
			r.Name = p.value
		case "LANGUAGE":
			r.Language = p.value
		case "ASSOC-LANGUAGE":
			r.AssocLanguage = p.value
		case "STABLE-RENDITION-ID":
			r.StableRenditionID = p.value
		case "DEFAULT":
			r.Default = p.yes()
		case "AUTOSELECT":
			r.Autoselect = p.yes()
		case "FORCED":
			r.Forced = p.yes()
		case "INSTREAM-ID":
			r.InstreamID = p.value
		case "BIT-DEPTH":
			n, _ := p.integer(math.MaxInt32)
			r.BitDepth = int(n)
		case "SAMPLE-RATE":
			n, _ := p.integer(math.MaxInt32)
			r.SampleRate = int(n)
		case "CHARACTERISTICS":
			r.Characteristics = p.value
		case "CHANNELS":
			r.Channels = p.value
		default:
			p.other(&r.Attributes)
		}
	}
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
	p.within(len(p.multi.Renditions))
	if p.err == nil {
		p.multi.Renditions = append(p.multi.Renditions, r)
	}
}

func (p *parser) readSessionData() {
	var d SessionData
	hasValue := false
	for p.next() {
		switch p.name {
		case "DATA-ID":
			d.DataID = p.value
		case "VALUE":
			d.Value, hasValue = p.value, true
		case "URI":
			d.URI = p.value
		case "FORMAT":
			d.Format = p.oneOf("JSON", "RAW")
		case "LANGUAGE":
			d.Language = p.value
		default:
			p.other(&d.Attributes)
		}
	}
	p.require(IncompleteVariant, "DATA-ID", d.DataID != "")
	if hasValue == (d.URI != "") {
		p.leaveOut(IncompleteVariant, shown(p.value0), "exactly one of VALUE and URI")
	}
	d.URL = p.url(d.URI)
	if p.err == nil {
		p.multi.SessionData = append(p.multi.SessionData, d)
	}
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
	for p.next() {
		switch p.name {
		case "SERVER-URI":
			s.ServerURI = p.value
		case "PATHWAY-ID":
			s.PathwayID = p.value
		default:
			p.other(&s.Attributes)
		}
	}
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
