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
	importedAt int        // line of the first IMPORT, 0 = none
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
	hasValue := false
	for p.next() {
		switch p.name {
		case "NAME":
			d.Name = p.definedName()
		case "VALUE":
			d.Value, hasValue = p.value, true
		case "IMPORT":
			d.Import = p.definedName()
		case "QUERYPARAM":
			d.QueryParam = p.definedName()
		default:
			var forgotten []Attribute
			p.other(&forgotten)
		}
	}
	p.name = ""
	name, ok := d.Name+d.Import+d.QueryParam, true
	switch name {
	case d.Name:
		p.require("VALUE", hasValue || name == "")
	case d.Import:
		if p.importedAt == 0 {
			p.importedAt = p.line
		}
		d.Value, ok = p.imports[name]
	case d.QueryParam:
		d.Value, ok = p.queryParameter(name)
	default:
		name = ""
	}
	if p.err != nil {
		return
	}
	p.value = name
	if name == "" {
		p.err = &Error{p.line, p.tag + ": got " + shown(p.value0) + "; want exactly one of NAME, IMPORT and QUERYPARAM"}
	} else if !ok {
		p.bad("a variable of the multivariant playlist, or a parameter of this playlist's URL")
	} else if _, twice := p.values[name]; twice {
		p.bad("a name that is not defined yet")
	} else if strings.IndexByte(d.Value, '"') >= 0 || hasControl(d.Value) {
		// Only an import or a query parameter can be so; it must not end a
		// quoted-string or a line.
		p.value = d.Value
		p.bad("a value without quotes and control characters")
	}
	if p.err != nil {
		return
	}
	if p.values == nil {
		p.values = make(map[string]string)
	}
	p.values[name] = d.Value
	p.defines = append(p.defines, d)
}

func (p *parser) definedName() string {
	if p.value == "" || variableName(p.value) < len(p.value) {
		p.bad("a name of letters, digits, - and _")
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
		if !ok {
			p.err = p.refusal("variable reference", shown("{$"+name+"}"), "a variable that an EXT-X-DEFINE before it defines")
			return ""
		}
		b.WriteString(value)
		s = rest
		if b.Len() > p.limits.Line || p.expanded+b.Len() > p.limits.Body {
			p.err = p.refusal("variable reference", "more than "+strconv.Itoa(min(b.Len(), p.limits.Line))+" bytes", "less after substitution")
			return ""
		}
	}
	p.expanded += b.Len()
	return b.String()
}
