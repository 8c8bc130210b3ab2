package ticket

import (
	"fmt"
	"strings"
)

// Template is a text with fields, as in "Bearer {token}". {{ stands for a single
// brace, and ${ for itself.
type Template struct {
	literals []string // one more than fields
	fields   []string
}

// maxFields bounds the fields of a template.
const maxFields = 32

// ParseTemplate reads a template. Where a brace that begins no field may stand for
// itself, as in a header value that is JSON, loose says so.
func ParseTemplate(s string, loose bool) (Template, error) {
	var t Template
	var lit strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			t.literals = append(t.literals, lit.String()+s)
			return t, nil
		}
		lit.WriteString(s[:i])
		rest := s[i+1:]
		name, after, closed := strings.Cut(rest, "}")
		switch {
		case i > 0 && s[i-1] == '$':
			lit.WriteByte('{')
			s = rest
		case strings.HasPrefix(rest, "{"):
			lit.WriteByte('{')
			s = rest[1:]
		case closed && validName(name):
			if len(t.fields) == maxFields {
				return t, fmt.Errorf("too many fields (want at most %d)", maxFields)
			}
			t.literals = append(t.literals, lit.String())
			t.fields = append(t.fields, name)
			lit.Reset()
			s = after
		case loose:
			lit.WriteByte('{')
			s = rest
		default:
			return t, fmt.Errorf("a brace that begins no field (got %.40q; want a field such as {token}, or {{ for a brace)", s[i:])
		}
	}
}

// validName reports whether a field may have that name.
func validName(s string) bool {
	for i, r := range s {
		if !(r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && (r == '-' || r >= '0' && r <= '9')) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// Literal wraps a text so that a template has it as it is.
func Literal(s string) string { return strings.ReplaceAll(s, "{", "{{") }

// Fields are the names of the fields, in the order in which they stand.
func (t *Template) Fields() []string { return t.fields }

// Fill puts values in place of the fields.
func (t *Template) Fill(value func(field string) string) string {
	if len(t.fields) == 0 {
		return t.literals[0]
	}
	var b strings.Builder
	for i, f := range t.fields {
		b.WriteString(t.literals[i])
		b.WriteString(value(f))
	}
	b.WriteString(t.literals[len(t.fields)])
	return b.String()
}
