package m3u8

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Parse reads a playlist of either kind. A body with no tag of either kind is
// an empty multivariant playlist (rfc8216bis 4.1). The error is an [*Error].
func Parse(data []byte, opt Options) (Playlist, error) {
	var p parser
	p.init(data, opt)
	if err := p.run(); err != nil {
		return nil, err
	}
	if p.media != nil {
		return p.media, nil
	}
	return p.multivariant(), nil
}

// ParseMedia reads a media playlist, and refuses a multivariant one.
func ParseMedia(data []byte, opt Options) (*Media, error) {
	var p parser
	p.init(data, opt)
	p.want = kindMedia
	if err := p.run(); err != nil {
		return nil, err
	}
	if p.media == nil {
		return nil, &Error{p.line, "got a playlist without a tag of a media playlist; want EXT-X-TARGETDURATION"}
	}
	return p.media, nil
}

// ParseMultivariant reads a multivariant playlist, and refuses a media one.
// It may have no variants.
func ParseMultivariant(data []byte, opt Options) (*Multivariant, error) {
	var p parser
	p.init(data, opt)
	p.want = kindMultivariant
	if err := p.run(); err != nil {
		return nil, err
	}
	return p.multivariant(), nil
}

// parser reads one playlist, line by line.
type parser struct {
	text    string
	limits  Limits
	imports map[string]string
	literal bool // variables are not replaced
	urls    resolver
	clock   clock

	line     int
	kind     kind   // what the tags so far say
	want     kind   // what the caller wants, 0 = either
	once     uint64 // the once-only tags so far, a bit each
	tags     int    // counted against Limits.Tags
	returns  bool   // lines may end with a carriage return alone
	headless string // the first line, when it is not #EXTM3U
	looked   bool   // listed is known
	listed   bool   // see hasMedia
	odd      *noted // nil = nothing was odd so far

	// Tags of both kinds.
	version     int
	independent bool
	start       *Start
	defines     []Define
	unknown     []Tag
	variables
	attributes

	media   *Media
	segment pending
	multi   *Multivariant
	variant *Variant // of an EXT-X-STREAM-INF that waits for its URI line
	waiting stream
}

func (p *parser) init(data []byte, opt Options) {
	p.limits, p.imports, p.literal = opt.Limits.orDefault(), opt.Imports, opt.NoVariables
	if len(data) > p.limits.Body {
		p.err = &Error{0, "got a body of " + strconv.Itoa(len(data)) + " bytes; want at most " + strconv.Itoa(p.limits.Body)}
		return
	}
	p.text = p.decode(data)
	p.urls = newResolver(opt.Base, p.limits.urlBudget())
}

func (p *parser) run() error {
	if p.err != nil {
		return p.err
	}
	p.line = 1
	p.lineEnds()
	p.referenced = !p.literal && strings.Contains(p.text, "{$")
	p.line = 0
	begun := false
	for rest := p.text; rest != ""; {
		var raw string
		raw, rest = p.cutLine(rest)
		p.line++
		line := trim(raw)
		if line == "" {
			continue
		}
		if !begun {
			begun = true
			if again, err := p.readHeader(raw, line); err != nil {
				return err
			} else if !again {
				continue
			}
		}
		var err error
		if len(line) > p.limits.Line {
			err = p.tooLong(line)
		} else if line[0] != '#' {
			err = p.uriLine(line)
		} else if strings.HasPrefix(line, "#EXT") {
			err = p.tagLine(line)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case !begun:
		return &Error{1, "got an empty body; want " + header}
	case p.headless != "" && p.kind == kindEither:
		return &Error{1, "got " + shown(p.headless) + "; want " + header}
	case p.kind == kindMedia:
		return p.finishMedia()
	}
	p.finishMultivariant()
	return nil
}

func trim(s string) string {
	for s != "" && (s[len(s)-1] == '\r' || s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

func (p *parser) uriLine(uri string) error {
	p.list("URI line", uri)
	uri = p.substitute(uri)
	if p.err != nil {
		return p.err
	}
	if p.kind == kindEither && p.hasMedia() {
		if _, err := p.become(kindMedia, "URI line"); err != nil {
			return err
		}
	}
	if p.kind == kindMedia {
		return p.endSegment(uri)
	}
	switch p.waiting {
	case streamRead:
		return p.endVariant(uri)
	case streamIgnored:
		p.waiting = streamNone
	default:
		p.wrong(StrayURI, uri, "EXTINF or EXT-X-STREAM-INF before it", leftOut)
	}
	return nil
}

func (p *parser) tagLine(line string) error {
	if value, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
		return p.extinf(value)
	}
	name, value := line[1:], ""
	if i := strings.IndexByte(name, ':'); i >= 0 {
		name, value = name[:i], trim(name[i+1:])
	}
	if name == "EXTINF" {
		return p.extinf(value)
	}
	t := tagNamed[name]
	if t == tagUnknown {
		return p.keep(name, value)
	}
	rule := &tagRules[t]
	p.list(name, value)
	if rule.kind != p.kind && rule.kind != kindEither {
		if mine, err := p.become(rule.kind, name); err != nil || !mine {
			return err
		}
	}
	switch rule.often {
	case once:
		p.again(t)
	case counted:
		if p.tags++; p.tags > p.limits.Tags {
			p.tooMany()
			return nil
		}
	}
	if p.err == nil {
		p.read(t)
	}
	if p.err == errLeftOut {
		p.err = nil
		if t == tagStreamInf && p.waiting == streamNone {
			p.waiting = streamIgnored
		}
	}
	return p.err
}

// again notes a tag that may be there only once and is there again. The last
// one counts.
func (p *parser) again(t tag) {
	seen := p.once&(1<<t) != 0
	p.once |= 1 << t
	if !seen {
		return
	}
	code := TagAgain
	if p.kind == kindMedia || p.kind == kindEither && p.hasMedia() {
		// As hls.js 1.7 has it, which looks whether it already has a value.
		switch t {
		case tagVersion, tagTargetDuration, tagEndList, tagServerControl, tagPlaylistType, tagPartInf, tagSkip:
			code = TagTwice
		case tagMediaSequence:
			if p.media != nil && p.media.MediaSequence != 0 {
				code = TagTwice
			}
		case tagDiscontinuitySequence:
			if p.media != nil && p.media.DiscontinuitySequence != 0 {
				code = TagTwice
			}
		}
	}
	if t == tagSkip {
		p.leaveOut(code, "a second one", "one")
		return
	}
	p.misplaced(code, "a second one", "one", "the last one counts")
}

const leftOut = "left out"

// errLeftOut says that the tag at hand is left out, and that a finding says so.
var errLeftOut = errors.New(leftOut)

// leaveOut leaves the tag at hand out.
func (p *parser) leaveOut(c Code, got, want string) {
	if p.err != nil {
		return
	}
	p.misplaced(c, got, want, leftOut)
	p.err = errLeftOut
}

// hasMedia reports whether there is a tag that makes it a media playlist for
// players, whatever else there is.
func (p *parser) hasMedia() bool {
	if !p.looked {
		p.looked, p.listed = true, p.hasLine("#EXTINF:") || p.hasLine("#EXT-X-TARGETDURATION:")
	}
	return p.listed
}

// become notes what kind of playlist this is, as a tag of kind k says. It
// reports whether the tag is one of that kind; others are left out.
func (p *parser) become(k kind, tag string) (bool, error) {
	if p.kind == kindEither {
		is := k
		switch {
		case tag == "EXTINF" || tag == "EXT-X-TARGETDURATION" || p.hasMedia():
			is = kindMedia
		case k == kindMedia && p.want != kindMedia && p.hasLine("#EXT-X-STREAM-INF"):
			is = kindMultivariant
		}
		if p.want != kindEither && p.want != is {
			return false, &Error{p.line, tag + ": got a " + is.String() + "; want a " + p.want.String()}
		}
		p.kind = is
		if is == kindMedia {
			p.media = new(Media)
		} else {
			p.multi = new(Multivariant)
		}
	}
	if k == p.kind {
		return true, nil
	}
	p.tag, p.name = tag, ""
	p.leaveOut(OtherKind, "a tag of a "+k.String()+" in a "+p.kind.String(), "one kind")
	p.err = nil
	return false, nil
}

// keep stores a tag that is not known.
func (p *parser) keep(name, value string) error {
	p.list(name, value)
	if name == "EXTM3U" {
		if p.headless == "" {
			p.misplaced(SecondHeader, "a second one", "one playlist", "read on")
		}
		return nil
	}
	if p.tags++; p.tags > p.limits.Tags {
		p.tooMany()
		return nil
	}
	tag := Tag{p.line, "#" + name, value}
	if p.kind == kindMedia && (p.segment.begun || len(p.media.Segments) > 0) {
		p.segment.unknown = append(p.segment.unknown, tag)
	} else {
		p.unknown = append(p.unknown, tag)
	}
	return nil
}

// tooMany notes a tag beyond Limits.Tags, which is left out.
func (p *parser) tooMany() {
	p.leaveOut(TooMany, "more than "+strconv.Itoa(p.limits.Tags)+" tags of its class", "no more")
	p.err = nil
}

// count counts the current tag against Limits.Tags and refuses one more.
func (p *parser) count() {
	if p.tags++; p.tags > p.limits.Tags && p.err == nil {
		p.err = &Error{p.line, shownName(p.tag) + ": got more than " + strconv.Itoa(p.limits.Tags) + " tags of its class; want no more"}
	}
}

// refusal is the error for something on this line.
func (p *parser) refusal(what, got, want string) error {
	return &Error{p.line, what + ": got " + got + "; want " + want}
}

func (p *parser) readVersion() {
	n, ok := integer(p.value)
	if !ok || n < 1 || n > 1<<30 {
		p.leaveOut(BadVersion, shown(p.value), "an integer >= 1")
		return
	}
	p.version = int(n)
}

func (p *parser) readStart() {
	s := Start{TimeOffset: math.MinInt64}
	readTag(p, startTable, &s, &s.Attributes)
	p.require(IncompleteTag, "TIME-OFFSET", s.TimeOffset > math.MinInt64)
	if p.err == nil {
		p.start = &s
	}
}

// findings are those of the whole playlist.
func (p *parser) findings() Findings {
	if p.odd == nil {
		return nil
	}
	return p.odd.findings
}
