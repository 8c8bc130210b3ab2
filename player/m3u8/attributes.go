package m3u8

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// attributes reads the value of one tag, as a whole (value0, and name is
// empty) or as an attribute list (rfc8216bis 4.2): list, then next until it
// returns false. An error, or [errLeftOut], stays in err and ends the list.
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
// and empty members, and leaves out what is no NAME=value.
func (p *parser) next() bool {
	for p.err == nil {
		rest := trim(p.rest)
		p.name = ""
		if rest != "" && rest[0] == ',' {
			if rest = trim(rest[1:]); rest == "" {
				p.misplaced(EmptyAttribute, "a comma at the end", "one between attributes", leftOut)
			}
			p.rest = rest
			continue
		}
		p.rest = rest
		if rest == "" {
			return false
		}
		equals := strings.IndexByte(rest, '=')
		if equals <= 0 || strings.ContainsAny(rest[:equals], "\",") {
			code := NoEquals
			if equals == 0 {
				code = AttributeSyntax
			}
			member, _, _ := strings.Cut(rest, ",")
			p.rest = rest[len(member):]
			p.wrong(code, member, "NAME=value", leftOut)
			continue
		}
		p.name = trim(rest[:equals])
		p.readValue(trim(rest[equals+1:]))
		if p.has(p.name) {
			p.misplaced(AttributeSyntax, "a second one", "one", "the last one counts")
		} else if p.count0 == maxAttributes {
			p.name = ""
			p.misplaced(TooMany, "more than "+strconv.Itoa(maxAttributes)+" attributes", "no more", leftOut)
			p.rest = ""
			return false
		} else {
			p.seen[p.count0] = p.name
			p.count0++
		}
		if p.referenced && (p.quoted || hexadecimals[p.name]) {
			p.value = p.substitute(p.value)
		}
		return p.err == nil
	}
	return false
}

// hexadecimals are the attributes that are hexadecimal-sequences, in which
// variables are replaced without quotes (rfc8216bis 4.3).
var hexadecimals = map[string]bool{"IV": true, "SCTE35-CMD": true, "SCTE35-IN": true, "SCTE35-OUT": true}

// readValue reads the value of an attribute, which rest begins with.
func (p *parser) readValue(rest string) {
	if p.quoted = rest != "" && rest[0] == '"'; p.quoted {
		if end := strings.IndexByte(rest[1:], '"'); end >= 0 {
			p.value, p.rest = rest[1:1+end], trim(rest[end+2:])
			if p.rest != "" && p.rest[0] != ',' {
				text, _, _ := strings.Cut(p.rest, ",")
				p.rest = p.rest[len(text):]
				p.wrong(NoEquals, text, "a comma after the closing quote", leftOut)
			}
			return
		}
	}
	value, _, _ := strings.Cut(rest, ",")
	p.value, p.rest = trim(value), rest[len(value):]
	if strings.IndexByte(p.value, '"') >= 0 {
		p.wrong(AttributeSyntax, p.value, "no single quotation mark", "read without")
		p.value, p.quoted = strings.ReplaceAll(p.value, `"`, ""), false
	}
	if p.value != "" && (p.value[0] == '\'' || p.value[0] == "“"[0] && strings.HasPrefix(p.value, "“")) {
		p.wrong(AttributeSyntax, p.value, `"…"`, "read as part of the value")
	}
}

// bad leaves the current attribute out, or the tag if that is its value.
func (p *parser) bad(want string) {
	switch {
	case p.err != nil:
	case p.name == "":
		p.leaveOut(BadTag, shown(p.value), want)
	default:
		p.wrong(BadAttribute, p.value, want, leftOut)
	}
}

// shownName is a name for an error, quoted when it is none of the usual.
func shownName(name string) string {
	if len(name) > 80 || variableName(name) < len(name) && name != "URI line" {
		return shown(name)
	}
	return name
}

// require leaves the tag out when a required attribute is not there.
func (p *parser) require(c Code, name string, has bool) {
	if p.err == nil && !has {
		p.name = ""
		p.leaveOut(c, "no usable "+name, "one")
	}
}

// has reports whether the attribute list has an attribute of that name.
func (a *attributes) has(name string) bool { return slices.Contains(a.seen[:a.count0], name) }

// other keeps an attribute that is not known.
func (p *parser) other(to *[]Attribute) {
	if strings.HasPrefix(p.name, "REQ-") {
		p.wrong(UnknownRequirement, p.value, "nothing that a client must know to use the tag (rfc8216bis 6.3.1)", "read as if it were not there")
		return
	}
	value := p.value
	if p.quoted {
		value = `"` + value + `"`
	}
	*to = append(*to, Attribute{p.name, value})
}

// integer reads a decimal-integer, and of other numbers what players read.
func (p *parser) integer(most int64) (int64, bool) {
	n, ok := integer(p.value)
	if ok && n <= most {
		return n, true
	}
	n, rest, ok := leadingInteger(p.value)
	switch {
	case !ok || n > most:
		p.bad("an integer from 0 to " + strconv.FormatInt(most, 10))
		return 0, false
	case decimals(rest):
		p.wrong(DecimalNumber, p.value, "an integer", "read as "+strconv.FormatInt(n, 10))
	default:
		p.wrong(OddNumber, p.value, "an integer", "read as "+strconv.FormatInt(n, 10))
	}
	return n, true
}

func (p *parser) seconds() (time.Duration, bool) { return p.secondsIn(p.value) }

// secondsIn reads a number of seconds in s, a part of the value.
func (p *parser) secondsIn(s string) (time.Duration, bool) {
	d, ok := seconds(s)
	if ok {
		return d, true
	}
	n := leadingNumber(s)
	if d, ok = seconds(s[:n]); !ok {
		p.bad("a number of seconds >= 0")
		return 0, false
	}
	p.wrong(OddNumber, p.value, "a number of seconds", "read as "+s[:n])
	return d, true
}

func (p *parser) float() float64 {
	f, ok := float(p.value)
	if ok {
		return f
	}
	n := leadingNumber(p.value)
	if f, ok = float(p.value[:n]); !ok {
		p.bad("a number >= 0")
		return 0
	}
	p.wrong(OddNumber, p.value, "a number", "read as "+p.value[:n])
	return f
}

// date reads a date. What cannot be read is noted as bad, and what only some
// read as odd.
func (p *parser) date(odd, bad Code) (time.Time, bool) {
	const want = "a date and time such as 2006-01-02T15:04:05.000Z"
	t, ok := p.clock.read(p.value)
	if ok {
		if p.value[10]|0x20 != 't' {
			p.wrong(odd, p.value, want, "read as such")
		}
		return t, true
	}
	if t, ok = p.clock.readOdd(p.value); ok {
		p.wrong(odd, p.value, want, "read as "+t.Format(time.RFC3339))
	} else {
		p.wrong(bad, p.value, want, leftOut)
	}
	return t, ok
}

// yes reads YES or NO.
func (p *parser) yes() bool { return p.oneOf("YES", "NO") == "YES" }

// oneOf reads an enumerated-string. Another one is left out.
func (p *parser) oneOf(known ...string) string {
	for _, k := range known {
		if p.value == k {
			return k
		}
	}
	if p.err == nil {
		p.wrong(UnknownValue, p.value, "one of "+strings.Join(known, ", "), leftOut)
	}
	return ""
}

// resolution reads WIDTHxHEIGHT. Players read no other form.
func (p *parser) resolution() (width, height int) {
	x := strings.IndexByte(p.value, 'x')
	if x < 0 {
		p.bad("WIDTHxHEIGHT")
		return 0, 0
	}
	w, okW := integer(p.value[:x])
	h, okH := integer(p.value[x+1:])
	if !okW || !okH || w > math.MaxInt32 || h > math.MaxInt32 {
		p.bad("WIDTHxHEIGHT")
		return 0, 0
	}
	return int(w), int(h)
}

// subRange reads LENGTH[@OFFSET]; without an offset it is -1. A range that is
// none has no length.
func (p *parser) subRange() Range {
	length, offset, at := strings.Cut(p.value, "@")
	r := Range{Offset: -1}
	ok, okOffset := false, true
	r.Length, ok = integer(trim(length))
	if at {
		r.Offset, okOffset = integer(trim(offset))
	}
	if !ok || !okOffset || r.Length < 1 || r.Length > math.MaxInt64-max(r.Offset, 0) {
		if p.err == nil {
			p.wrong(BadRange, p.value, "LENGTH[@OFFSET] in bytes", leftOut)
		}
		return Range{Offset: -1}
	}
	return r
}

// url resolves the URI of the current tag, which is left out when it has none.
func (p *parser) url(uri string) string {
	if p.err != nil || uri == "" {
		return ""
	}
	u, ok := p.urls.resolve(uri)
	if !ok && !p.spent() {
		p.name = ""
		p.leaveOut(BadURI, shown(uri), "a URI reference (RFC 3986)")
		return ""
	}
	return u
}

// spent refuses a playlist whose URLs are too long in all.
func (p *parser) spent() bool {
	if p.urls.budget >= 0 {
		return false
	}
	p.err = &Error{p.line, p.tag + ": URI: got URLs of more than " + strconv.Itoa(p.limits.urlBudget()) + " bytes in all; want fewer"}
	return true
}
