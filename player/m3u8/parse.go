package m3u8

import (
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
	urls    resolver
	clock   clock

	line int
	kind kind   // what the tags so far say
	want kind   // what the caller wants, 0 = either
	once uint64 // the once-only tags so far, a bit each
	tags int    // counted against Limits.Tags

	// Tags of both kinds.
	version     int
	independent bool
	start       *Start
	defines     []Define
	unknown     []Tag
	findings    []Error
	variables
	attributes

	media   *Media
	segment pending
	multi   *Multivariant
	variant Variant // of an EXT-X-STREAM-INF that waits for its URI line
	waiting stream
}

func (p *parser) init(data []byte, opt Options) {
	p.limits, p.imports = opt.Limits.orDefault(), opt.Imports
	if len(data) > p.limits.Body {
		p.err = &Error{0, "got a body of " + strconv.Itoa(len(data)) + " bytes; want at most " + strconv.Itoa(p.limits.Body)}
		return
	}
	p.text = string(data)
	p.urls = newResolver(opt.Base, urlsPerBody*p.limits.Body)
}

const byteOrderMark = "\uFEFF"

func (p *parser) run() error {
	if p.err != nil {
		return p.err
	}
	rest := p.text
	if strings.HasPrefix(rest, byteOrderMark) {
		rest = rest[len(byteOrderMark):]
		p.findings = append(p.findings, Error{1, "got a byte order mark; want none (rfc8216bis 4.1)"})
	}
	p.referenced = strings.Contains(rest, "{$")
	for rest != "" {
		line := rest
		if end := strings.IndexByte(rest, '\n'); end >= 0 {
			line, rest = rest[:end], rest[end+1:]
		} else {
			rest = ""
		}
		p.line++
		if len(line) > p.limits.Line {
			return p.refusal("line", strconv.Itoa(len(line))+" bytes", "at most "+strconv.Itoa(p.limits.Line))
		}
		line = trim(line)
		if p.line == 1 {
			if err := first(line); err != nil {
				return err
			}
			continue
		}
		if line == "" {
			continue
		}
		var err error
		if line[0] != '#' {
			err = p.uriLine(line)
		} else if strings.HasPrefix(line, "#EXT") {
			err = p.tagLine(line)
		}
		if err != nil {
			return err
		}
	}
	if p.line == 0 {
		return &Error{1, "got an empty body; want #EXTM3U"}
	}
	if p.kind == kindMedia {
		return p.finishMedia()
	}
	return p.finishMultivariant()
}

// first checks the first line.
func first(line string) error {
	rest, ok := strings.CutPrefix(line, "#EXTM3U")
	if ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
		return nil
	}
	got := shown(line)
	if line != "" && line[0] == '<' {
		got = "HTML or XML (" + got + ")"
	}
	return &Error{1, "got " + got + "; want #EXTM3U"}
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
	uri = p.substitute(uri)
	if p.err != nil {
		return p.err
	}
	switch {
	case p.kind == kindMedia:
		return p.endSegment(uri)
	case p.waiting == streamIgnored:
		p.waiting = streamNone
		return nil
	case p.waiting == streamRead:
		return p.endVariant(uri)
	}
	return p.refusal("URI line", shown(uri), "EXTINF or EXT-X-STREAM-INF before it")
}

func (p *parser) tagLine(line string) error {
	if value, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
		return p.extinf(value)
	}
	name, value := line[1:], ""
	if i := strings.IndexByte(name, ':'); i >= 0 {
		name, value = name[:i], trim(name[i+1:])
	}
	name = trim(name)
	if name == "EXTINF" {
		return p.extinf(value)
	}
	t := tagNamed[name]
	if t == tagUnknown {
		return p.keep(name, value)
	}
	rule := &tagRules[t]
	if err := p.become(rule.kind, name); err != nil {
		return err
	}
	p.list(name, value)
	switch rule.often {
	case once:
		if p.once&(1<<t) != 0 {
			return &Error{p.line, name + ": got a second one; want one"}
		}
		p.once |= 1 << t
	case counted:
		p.count()
	}
	if p.err == nil {
		p.read(t)
	}
	if reason, ok := p.err.(ignored); ok {
		p.err = nil
		if len(p.findings) < maxFindings {
			p.findings = append(p.findings, Error{p.line, name + ": ignored: " + string(reason)})
		}
		if t == tagStreamInf {
			p.waiting, p.variant.Line = streamIgnored, p.line
		}
		return nil
	}
	return p.err
}

// ignored is the reason why a tag is left out (rfc8216bis 6.3.1).
type ignored string

func (i ignored) Error() string { return string(i) }

// become notes what kind of playlist this is.
func (p *parser) become(k kind, tag string) error {
	if k == p.kind || k == kindEither {
		return nil
	}
	if p.kind != kindEither {
		return &Error{p.line, tag + ": got a tag of a " + k.String() + " in a " + p.kind.String() + "; want one kind"}
	}
	if p.want != kindEither && p.want != k {
		return &Error{p.line, tag + ": got a " + k.String() + "; want a " + p.want.String()}
	}
	p.kind = k
	if k == kindMedia {
		p.media = new(Media)
	} else {
		p.multi = new(Multivariant)
	}
	return nil
}

// keep stores a tag that is not known.
func (p *parser) keep(name, value string) error {
	if name == "EXTM3U" {
		return &Error{p.line, "EXTM3U: got a second one; want one playlist"}
	}
	p.list(name, value)
	if p.count(); p.err != nil {
		return p.err
	}
	tag := Tag{p.line, "#" + name, value}
	if p.kind == kindMedia && (p.segment.begun || len(p.media.Segments) > 0) {
		p.segment.unknown = append(p.segment.unknown, tag)
	} else {
		p.unknown = append(p.unknown, tag)
	}
	return nil
}

// count counts the current tag against Limits.Tags.
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
		p.bad("an integer >= 1")
	}
	p.version = int(n)
}

func (p *parser) readStart() {
	var s Start
	has := false
	for p.next() {
		switch p.name {
		case "TIME-OFFSET":
			digits, negative := strings.CutPrefix(p.value, "-")
			if !negative {
				digits = strings.TrimPrefix(digits, "+")
			}
			d, ok := seconds(digits)
			if !ok {
				p.bad("a number of seconds")
			}
			if negative {
				d = -d
			}
			s.TimeOffset, has = d, true
		case "PRECISE":
			s.Precise = p.yes()
		default:
			p.other(&s.Attributes)
		}
	}
	p.require("TIME-OFFSET", has)
	if p.err == nil {
		p.start = &s
	}
}
