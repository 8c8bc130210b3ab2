package tariff

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Problem is one thing wrong with a file.
type Problem struct {
	Line, Column int    // from 1
	Text         string // what is wrong (got …; want …)
}

func (p Problem) Error() string { return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Text) }

// Problems is everything wrong with a file.
type Problems []Problem

// Error returns one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Limits of a file. They keep hostile input cheap.
const (
	MaxBytes = 1 << 20
	maxRows  = 5000
	maxText  = 500
	most     = 1e15 // of every figure
)

// reader reads a file and collects what is wrong with it.
type reader struct{ problems Problems }

// err is everything that was wrong; nil = nothing.
func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return r.problems
}

func (r *reader) wrong(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{max(n.Line, 1), max(n.Column, 1), fmt.Sprintf(format, args...)})
}

// field is a key whose value is a single one. read stores it, and reports whether it
// is one that the key may have.
type field struct {
	name, want string
	required   bool
	read       func(text string) bool
}

// document returns the top of a file, which must be a mapping; nil after a problem.
func (r *reader) document(data []byte) *yaml.Node {
	top := new(yaml.Node)
	if len(data) > MaxBytes {
		r.wrong(top, "file is too large (got %d bytes; want at most %d)", len(data), MaxBytes)
		return nil
	}
	if err := yaml.Load(data, top); err != nil {
		text, at := err.Error(), new(yaml.Node)
		if le := (*yaml.LoadError)(nil); errors.As(err, &le) {
			text, at.Line, at.Column = le.Message, le.Mark.Line, le.Mark.Column
		}
		r.wrong(at, "not valid YAML: %s", strings.TrimPrefix(text, "yaml: "))
		return nil
	}
	if top.Kind == yaml.DocumentNode && len(top.Content) == 1 {
		top = top.Content[0]
	}
	if top.Kind != yaml.MappingNode {
		r.wrong(top, "not a list of this kind (want a mapping)")
		return nil
	}
	return top
}

// mapping reads the keys of a mapping. The key list, if it is not "", has rows.
func (r *reader) mapping(n *yaml.Node, fields []field, list string, row func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, "wrong type (want a mapping with %s)", nameList(fields, list))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == k.Value })
		switch {
		case seen[k.Value]:
			r.wrong(k, "duplicate key (got %q)", clip(k.Value))
		case list != "" && k.Value == list:
			r.rows(v, list, row)
		case k.Kind != yaml.ScalarNode || at < 0:
			r.wrong(k, "unknown key (got %q; want %s)", clip(k.Value), nameList(fields, list))
		case v.Kind != yaml.ScalarNode:
			r.wrong(v, "%s: wrong type (want %s)", k.Value, fields[at].want)
		case len(v.Value) > maxText:
			r.wrong(v, "%s: too long (got %d bytes; want at most %d)", k.Value, len(v.Value), maxText)
		case !fields[at].read(v.Value):
			r.wrong(v, "%s: got %q; want %s", k.Value, clip(v.Value), fields[at].want)
		}
		seen[k.Value] = true
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			r.wrong(n, "%s is missing (want %s)", f.name, f.want)
		}
	}
	if list != "" && !seen[list] {
		r.wrong(n, "%s is missing (want a list)", list)
	}
}

func (r *reader) rows(n *yaml.Node, list string, row func(*yaml.Node)) {
	switch {
	case n.Kind != yaml.SequenceNode:
		r.wrong(n, "%s: wrong type (want a list)", list)
	case len(n.Content) == 0 || len(n.Content) > maxRows:
		r.wrong(n, "%s: bad length (got %d rows; want 1 to %d)", list, len(n.Content), maxRows)
	default:
		for _, item := range n.Content {
			row(item)
		}
	}
}

func nameList(fields []field, list string) string {
	var all []string
	for _, f := range fields {
		all = append(all, f.name)
	}
	if list != "" {
		all = append(all, list)
	}
	return strings.Join(all, ", ")
}

// plain stores a text that is not empty.
func plain(to *string) func(string) bool {
	return func(s string) bool {
		*to = s
		return strings.TrimSpace(s) != ""
	}
}

var wellNamed = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

const wantName = "at most 64 letters, digits, - _ ., beginning with a letter or digit"

// name stores what reports show and other files refer to.
func name(to *string) func(string) bool {
	return func(s string) bool {
		*to = s
		return wellNamed.MatchString(s)
	}
}

// word stores one of some words.
func word(to *string, words []string) func(string) bool {
	return func(s string) bool {
		*to = s
		return slices.Contains(words, s)
	}
}

// number stores a number without sign or exponent; _ may part its digits.
func number(to *float64, least float64) func(string) bool {
	return func(s string) bool {
		if strings.Trim(s, "0123456789._") != "" {
			return false
		}
		x, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
		if err != nil || math.IsNaN(x) || x < least || x > most {
			return false
		}
		*to = x
		return true
	}
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
