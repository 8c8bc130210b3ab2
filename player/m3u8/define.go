package m3u8

import (
	"net/url"
	"strconv"
	"strings"
)

// variables are the EXT-X-DEFINEs so far (rfc8216bis 4.3, 4.4.2.3).
type variables struct {
	referenced bool // the body has a "{$" somewhere
	values     map[string]string
	query      url.Values // of the base, once needed
	expanded   int        // bytes made by substitution
}

// Variables returns the variables that the playlist defines, as
// [Options.Imports] of its media playlists wants them. It is nil when there are none.
func (m *Multivariant) Variables() map[string]string {
	if len(m.Defines) == 0 {
		return nil
	}
	values := make(map[string]string, len(m.Defines))
	for _, d := range m.Defines {
		values[d.Name+d.Import+d.QueryParam] = d.Value
	}
	return values
}

func (p *parser) readDefine() {
	var d Define
	var forgotten []Attribute
	readTag(p, defineTable, &d, &forgotten)
	p.name = ""
	name, ok := d.Name+d.Import+d.QueryParam, true
	code := BadDefine
	switch {
	case p.literal || p.err != nil:
		return
	case name == "" || name != d.Name && name != d.Import && name != d.QueryParam:
		name = ""
	case name == d.Name:
		p.require(BadDefine, "VALUE", p.has("VALUE"))
	case p.kind != kindMedia && d.Import != "" && !p.hasMedia():
		p.leaveOut(BadDefine, "IMPORT in a multivariant playlist", "it in a media playlist")
	case name == d.Import:
		code = NoImport
		d.Value, ok = p.imports[name]
	default:
		code = NoQueryParameter
		d.Value, ok = p.queryParameter(name)
	}
	p.value = name
	_, twice := p.values[name]
	switch {
	case p.err != nil:
	case name == "":
		p.leaveOut(code, shown(p.value0), "exactly one of NAME, IMPORT and QUERYPARAM")
	case !ok:
		p.leaveOut(code, shown(name), "a variable of the multivariant playlist, or a parameter of this playlist's URL")
	case twice:
		p.leaveOut(DefineTwice, shown(name), "a name that is not defined yet")
	}
	if p.err != nil {
		return
	}
	if strings.IndexByte(d.Value, '"') >= 0 || hasControl(d.Value) {
		// Only an import or a query parameter can be so; it must not end a
		// quoted-string or a line.
		p.wrong(BadDefine, d.Value, "a value without quotes and control characters", "percent-encoded")
		d.Value = tame(d.Value)
	}
	if p.values == nil {
		p.values = make(map[string]string)
	}
	p.values[name] = d.Value
	p.defines = append(p.defines, d)
}

// tame percent-encodes quotes and control characters.
func tame(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == 0x7f || c == '"' {
			b.WriteString(percent(c))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (p *parser) definedName() string {
	if p.value == "" || variableName(p.value) < len(p.value) {
		p.bad("a name of letters, digits, - and _")
		return ""
	}
	return p.value
}

// variableName returns the length of the variable name that s begins with.
func variableName(s string) int {
	for i := 0; i < len(s); i++ {
		if !alphanumeric(s[i]) && s[i] != '-' && s[i] != '_' {
			return i
		}
	}
	return len(s)
}

func (p *parser) queryParameter(name string) (string, bool) {
	if p.urls.base == nil {
		return "", false
	}
	if p.query == nil {
		p.query = p.urls.base.Query()
	}
	return p.query.Get(name), p.query.Has(name)
}

// substitute replaces the variable references in s. What is not of the form
// {$NAME} stays. The total is bounded, since one variable may be long and
// referred to often.
func (p *parser) substitute(s string) string {
	if !p.referenced || !strings.Contains(s, "{$") || p.err != nil {
		return s
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "{$")
		b.WriteString(before)
		if !found {
			break
		}
		n := variableName(after)
		if n == 0 || n == len(after) || after[n] != '}' {
			b.WriteString("{$")
			s = after
			continue
		}
		name, rest := after[:n], after[n+1:]
		value, ok := p.values[name]
		if ok {
			if p.odd == nil || p.odd.times[Variables] == 0 {
				p.find(Variables, p.what()+": got a reference to the variable "+shown(name)+": replaced by its value")
			}
			b.WriteString(value)
		} else {
			code := UnknownVariable
			if p.tag == "EXT-X-MEDIA" {
				code = UnknownInRendition
			}
			p.wrong(code, "{$"+name+"}", "a variable that an EXT-X-DEFINE before it defines", "read as it is")
			b.WriteString("{$" + name + "}")
		}
		s = rest
		if b.Len() > p.limits.Line || p.expanded+b.Len() > p.limits.Body {
			p.err = p.refusal("variable reference", "more than "+strconv.Itoa(min(b.Len(), p.limits.Line))+" bytes", "less after substitution")
			return ""
		}
	}
	p.expanded += b.Len()
	return b.String()
}
