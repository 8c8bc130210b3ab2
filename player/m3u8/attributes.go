package m3u8

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// attributes reads the value of one tag, as a whole (value0, and name is
// empty) or as an attribute list (rfc8216bis 4.2): list, then next until it
// returns false. The first error stays in err and ends the list.
type attributes struct {
	tag         string
	value0      string
	rest        string
	name, value string
	quoted      bool
	seen        [maxAttributes]string
	count0      int
	err         error
}

func (p *parser) list(tag, value string) {
	p.tag, p.value0, p.rest, p.count0, p.err = tag, value, value, 0, nil
	p.name, p.value = "", value
}

// next reads one attribute into name, value and quoted. It tolerates spaces
// and empty members.
func (p *parser) next() bool {
	if p.err != nil {
		return false
	}
	rest := trim(p.rest)
	for rest != "" && rest[0] == ',' {
		rest = trim(rest[1:])
	}
	if rest == "" {
		return false
	}
	p.name = ""
	equals := strings.IndexByte(rest, '=')
	if equals <= 0 || strings.ContainsAny(rest[:equals], "\",") {
		p.value = rest
		p.bad("NAME=value")
		return false
	}
	p.name, rest = trim(rest[:equals]), trim(rest[equals+1:])
	if p.quoted = rest != "" && rest[0] == '"'; p.quoted {
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			p.value = rest
			p.bad("a closing quote")
			return false
		}
		p.value, rest = rest[1:1+end], trim(rest[end+2:])
		if rest != "" && rest[0] != ',' {
			p.value = rest
			p.bad("a comma after the closing quote")
			return false
		}
	} else {
		end := strings.IndexByte(rest, ',')
		if end < 0 {
			end = len(rest)
		}
		p.value, rest = trim(rest[:end]), rest[end:]
		if strings.IndexByte(p.value, '"') >= 0 {
			p.bad("no quote inside")
			return false
		}
	}
	p.rest = rest
	for _, name := range p.seen[:p.count0] {
		if name == p.name {
			p.err = &Error{p.line, p.tag + ": " + shownName(p.name) + ": got a second one; want one"}
			return false
		}
	}
	if p.count0 == maxAttributes {
		p.err = &Error{p.line, p.tag + ": got more than " + strconv.Itoa(maxAttributes) + " attributes; want no more"}
		return false
	}
	p.seen[p.count0] = p.name
	p.count0++
	p.value = p.substitute(p.value)
	return p.err == nil
}

// bad refuses the current value.
func (p *parser) bad(want string) {
	if p.err != nil {
		return
	}
	what := p.tag
	if p.name != "" {
		what += ": " + shownName(p.name)
	}
	p.err = p.refusal(what, shown(p.value), want)
}

// shownName is a name for an error, quoted when it is none of the usual.
func shownName(name string) string {
	if len(name) > 80 || variableName(name) < len(name) {
		return shown(name)
	}
	return name
}

// require refuses the tag when a required attribute is not there.
func (p *parser) require(name string, has bool) {
	if p.err == nil && !has {
		p.err = &Error{p.line, p.tag + ": got no " + name + "; want one"}
	}
}

// ignore leaves the tag out.
func (p *parser) ignore(reason string) {
	if p.err == nil {
		p.err = ignored(reason)
	}
}

// other keeps an attribute that is not known.
func (p *parser) other(to *[]Attribute) {
	if strings.HasPrefix(p.name, "REQ-") {
		p.ignore("it requires " + shownName(p.name) + ", which is not known")
		return
	}
	value := p.value
	if p.quoted {
		value = `"` + value + `"`
	}
	*to = append(*to, Attribute{p.name, value})
}

func (p *parser) integer(most int64) int64 {
	n, ok := integer(p.value)
	if !ok || n > most {
		p.bad("an integer from 0 to " + strconv.FormatInt(most, 10))
	}
	return n
}

func (p *parser) sequence() uint64 {
	n, ok := unsigned(p.value)
	if !ok {
		p.bad("an integer from 0 to 18446744073709551615")
	}
	return n
}

func (p *parser) seconds() time.Duration {
	d, ok := seconds(p.value)
	if !ok {
		p.bad("a number of seconds >= 0")
	}
	return d
}

func (p *parser) float() float64 {
	f, ok := float(p.value)
	if !ok {
		p.bad("a number >= 0")
	}
	return f
}

func (p *parser) date() time.Time {
	t, ok := p.clock.read(p.value)
	if !ok {
		p.bad("a date and time such as 2006-01-02T15:04:05.000Z")
	}
	return t
}

// yes reads YES or NO.
func (p *parser) yes() bool { return p.oneOf("YES", "NO") == "YES" }

// oneOf reads an enumerated-string; a tag with another is ignored (rfc8216bis
// 6.3.1).
func (p *parser) oneOf(known ...string) string {
	for _, k := range known {
		if p.value == k {
			return k
		}
	}
	if p.name == "" {
		p.ignore(shown(p.value) + " is not known")
	} else {
		p.ignore(p.name + "=" + shown(p.value) + " is not known")
	}
	return ""
}

// resolution reads WIDTHxHEIGHT.
func (p *parser) resolution() (width, height int) {
	x := strings.IndexAny(p.value, "xX")
	if x < 0 {
		p.bad("WIDTHxHEIGHT")
		return 0, 0
	}
	w, okW := integer(p.value[:x])
	h, okH := integer(p.value[x+1:])
	if !okW || !okH || w > math.MaxInt32 || h > math.MaxInt32 {
		p.bad("WIDTHxHEIGHT")
	}
	return int(w), int(h)
}

// subRange reads LENGTH[@OFFSET]; without an offset it is -1.
func (p *parser) subRange() Range {
	length, offset, at := strings.Cut(p.value, "@")
	r := Range{Offset: -1}
	ok, okOffset := false, true
	r.Length, ok = integer(length)
	if at {
		r.Offset, okOffset = integer(offset)
	}
	if !ok || !okOffset || r.Length < 1 || r.Length > math.MaxInt64-max(r.Offset, 0) {
		p.bad("LENGTH[@OFFSET] in bytes")
	}
	return r
}

// url resolves the URI of the current tag.
func (p *parser) url(uri string) string {
	if p.err != nil || uri == "" {
		return ""
	}
	u, ok := p.urls.resolve(uri)
	if !ok {
		p.err = p.badURI(p.tag+": URI", uri)
	}
	return u
}

func (p *parser) badURI(what, uri string) error {
	if p.urls.budget < 0 {
		return &Error{p.line, what + ": got URLs of more than " + strconv.Itoa(urlsPerBody*p.limits.Body) + " bytes in all; want fewer"}
	}
	return p.refusal(what, shown(uri), "a URI reference (RFC 3986)")
}
