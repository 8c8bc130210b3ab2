package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Text is a string of a scenario that may hold values of the environment.
// Whatever prints it shows it as it was written.
type Text struct {
	Raw   string // as written, as in "${TOKEN}"
	Value string // with the environment filled in; must not be printed
}

// String returns the text as written.
func (t Text) String() string { return t.Raw }

// GoString returns the text as written.
func (t Text) GoString() string { return fmt.Sprintf("%q", t.Raw) }

// MarshalText returns the text as written.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.Raw), nil }

// expandEnv replaces ${NAME} by its value; $${NAME} stands for a literal
// ${NAME}. Errors never hold a value.
func expandEnv(s string, getenv func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "${")
		if !found {
			b.WriteString(s)
			return b.String(), nil
		}
		if literal, ok := strings.CutSuffix(before, "$"); ok {
			b.WriteString(literal + "${")
			s = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || !validEnv(name) {
			return "", errors.New("bad reference to the environment (got " + clip(fmt.Sprintf("%q", "${"+name)) + "; want ${NAME} with letters, digits and _, or $${ for a literal ${)")
		}
		value, set := "", false
		if getenv != nil {
			value, set = getenv(name)
		}
		if !set {
			return "", fmt.Errorf("environment variable is not set (got ${%s}; want it exported, even if empty)", name)
		}
		b.WriteString(before + value)
		s = rest
	}
}

// envNames lists the names in a string that expandEnv accepts.
func envNames(s string) []string {
	var names []string
	_, _ = expandEnv(s, func(name string) (string, bool) {
		names = append(names, name)
		return "", true
	})
	return names
}

func validEnv(s string) bool {
	for i, r := range s {
		if !(r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || i > 0 && r >= '0' && r <= '9') {
			return false
		}
	}
	return s != ""
}

// Redact replaces every environment value that the scenario uses in a URL, a
// header, a glob, a file name or a command by its ${NAME}, also where it is
// percent-encoded or decoded, and where it is cut off after its first half, as
// in a quotation. Whatever prints or stores text that may hold one passes it
// through here.
func (s *Scenario) Redact(text string) string {
	values := slices.SortedFunc(maps.Keys(s.secrets), func(a, b string) int {
		// The longest first: one value may contain another.
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	for _, v := range values {
		text = strings.ReplaceAll(text, v, s.secrets[v])
	}
	for _, v := range values {
		text = redactHalf(text, v, s.secrets[v])
	}
	return text
}

// redactHalf replaces what is left of a value that was cut off, if that is at
// least its first half and 8 bytes.
func redactHalf(text, value, name string) string {
	least := max(8, (len(value)+1)/2)
	if least > len(value) {
		return text
	}
	var b strings.Builder
	for {
		i := strings.Index(text, value[:least])
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i] + name)
		text = text[i:]
		n := least
		for n < len(value) && n < len(text) && text[n] == value[n] {
			n++
		}
		text = text[n:]
	}
}

// spellings are the ways in which a value may appear in a URL, or out of one.
func spellings(value string) []string {
	all := []string{value, url.QueryEscape(value), url.PathEscape(value)}
	for _, decode := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
		if s, err := decode(value); err == nil && s != "" {
			all = append(all, s)
		}
	}
	return all
}
