package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/chaos"
	"hlsload/scenarios/redact"
)

// decoder turns a tree into a scenario and collects problems on the way. A
// reading method that reports a problem returns its default, so decoding goes
// on.
type decoder struct {
	src        Source
	problems   Problems
	from       map[*yaml.Node]string     // nodes that an override put into the tree
	copyOf     map[*yaml.Node]*yaml.Node // copy with the environment filled in -> what is written
	bad        map[*yaml.Node]bool       // nodes that a problem is about
	references *redact.Secrets           // values of the environment in opaque strings
	filled     map[*yaml.Node]bool       // scalars that hold a value of the environment
	replaced   bool                      // an override replaced the target by a URL
	templates  []templated               // URLs and header values of the target
}

func newDecoder(src Source) *decoder {
	return &decoder{
		src:        src,
		from:       map[*yaml.Node]string{},
		bad:        map[*yaml.Node]bool{},
		filled:     map[*yaml.Node]bool{},
		copyOf:     map[*yaml.Node]*yaml.Node{},
		references: &redact.Secrets{},
	}
}

func (d *decoder) report(from string, line, column int, format string, args ...any) {
	p := Problem{File: d.src.File, Line: line, Column: column, From: from, Text: fmt.Sprintf(format, args...)}
	if from != "" {
		p.Line, p.Column = 0, 0
	}
	d.problems = append(d.problems, p)
}

// value is a node with its path, for messages. A zero value or one without a
// node stands for a key that is not given.
type value struct {
	d    *decoder
	n    *yaml.Node
	path string
}

// given reports whether the key is there with something other than null.
func (v value) given() bool {
	return v.n != nil && !(v.n.Kind == yaml.ScalarNode && v.n.ShortTag() == "!!null")
}

// problem reports something about the value.
func (v value) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if v.n == nil { // a key that is not there: nothing to point at
		v.n = &yaml.Node{Line: 1, Column: 1}
	}
	if v.path != "" {
		text = v.path + ": " + text
	}
	v.d.bad[v.n] = true
	v.d.report(v.d.from[v.n], v.n.Line, v.n.Column, "%s", text)
}

// got describes what is there, as written: environment values never show.
func (v value) got() string {
	switch v.n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if v.n.ShortTag() == "!!null" {
		return "nothing"
	}
	return strconv.Quote(clip(v.n.Value))
}

func (v value) wrong(what, want string) {
	v.problem("%s (got %s; want %s)", what, v.got(), want)
}

// foreign reports what another package says about the value. That package has
// seen the values of the environment, so its words cannot be shown then.
func (v value) foreign(text string) {
	if v.d.filled[v.n] {
		text = "not valid with the values of the environment filled in (got " + v.got() + ")"
	}
	v.problem("%s", text)
}

// text returns a scalar with the environment filled in.
func (v value) text(want string) (Text, bool) {
	if v.n.Kind != yaml.ScalarNode || !v.given() {
		v.wrong("wrong type", want)
		return Text{}, false
	}
	expanded, err := ExpandEnv(v.n.Value, v.d.src.Getenv)
	if err != nil {
		v.problem("%v", err)
		return Text{}, false
	}
	if expanded != v.n.Value {
		v.d.filled[v.n] = true
	}
	return Text{Raw: v.n.Value, Value: expanded}, true
}

// secret is text for opaque strings, whose environment values are kept for
// [Scenario.Redact].
func (v value) secret(want string) (Text, bool) {
	t, ok := v.text(want)
	if ok && t.Value != t.Raw {
		for _, name := range envNames(t.Raw) {
			val, _ := v.d.src.Getenv(name)
			v.d.references.AddReference(val, "${"+name+"}")
		}
	}
	return t, ok
}

// file reads the file that the value names. Where there are no files, instead
// says what to write.
func (v value) file(want, what, instead string) (name Text, data []byte, ok bool) {
	if name, ok = v.secret(want); !ok {
		return name, nil, false
	}
	if v.d.src.ReadFile == nil {
		v.problem("this scenario cannot refer to files (got %s; want %s)", v.got(), instead)
		return name, nil, false
	}
	data, err := v.d.src.ReadFile(name.Value)
	if err != nil {
		v.foreign("cannot read " + what + ": " + err.Error())
	}
	return name, data, err == nil
}

// scalar parses a scalar; a value that was expanded from the environment may
// be quoted whatever its type.
func scalar[T any](v value, def T, what, want string, tags []string, parse func(string) (T, bool)) T {
	if !v.given() {
		return def
	}
	t, ok := v.text(want)
	if !ok {
		return def
	}
	if tags != nil && t.Raw == t.Value && !slices.Contains(tags, v.n.ShortTag()) {
		v.wrong("wrong type", want)
		return def
	}
	x, ok := parse(t.Value)
	if !ok {
		v.wrong(what, want)
		return def
	}
	return x
}

var (
	numberTags = []string{"!!int", "!!float"}
	boolTags   = []string{"!!bool"}
)

func (v value) duration(def, lo, hi time.Duration) time.Duration {
	x := scalar(v, def, "not a duration", wantDuration, nil, func(s string) (time.Duration, bool) {
		if s == "0" {
			return 0, true
		}
		return parseDuration(s)
	})
	return within(v, x, def, lo, hi, formatDuration)
}

func (v value) rate(def, lo, hi int64) int64 {
	return within(v, scalar(v, def, "not a rate", wantRate, nil, parseRate), def, lo, hi, formatRate)
}

func (v value) bytes(def, lo, hi int64) int64 {
	return within(v, scalar(v, def, "not a number of bytes", wantBytes, nil, ParseBytes), def, lo, hi, formatBytes)
}

// share returns a fraction in (0, 1].
func (v value) share(def float64) float64 {
	x := scalar(v, def, "not a share", wantShare, nil, parseShare)
	if v.given() && !v.d.bad[v.n] && (x <= 0 || x > 1) {
		v.wrong("share out of range", "more than 0% and at most 100%")
		return def
	}
	return x
}

// fraction returns a share from 0 to most, which may be above 1.
func (v value) fraction(def, most float64) float64 {
	return within(v, scalar(v, def, "not a share", wantShare, nil, parseShare), def, 0, most, formatShare)
}

func (v value) integer(def, lo, hi int64) int64 {
	x := scalar(v, def, "not a whole number", fmt.Sprintf("a whole number from %d to %d", lo, hi), numberTags, func(s string) (int64, bool) {
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil
	})
	return within(v, x, def, lo, hi, func(n int64) string { return strconv.FormatInt(n, 10) })
}

// count is integer where the user of the number checks its range.
func (v value) count(def int) int { return int(v.integer(int64(def), 0, 1e9)) }

func (v value) number(def float64) float64 {
	return scalar(v, def, "not a number", "a number such as 1.5", numberTags, func(s string) (float64, bool) {
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	})
}

func (v value) boolean(def bool) bool {
	return scalar(v, def, "neither true nor false", "true or false", boolTags, func(s string) (bool, bool) {
		return s == "true", s == "true" || s == "false"
	})
}

// choice returns one of the names.
func (v value) choice(def string, names ...string) string {
	return scalar(v, def, "unknown value", orList(names)+v.hint(names), nil, func(s string) (string, bool) {
		return s, slices.Contains(names, s)
	})
}

// known is choice for names of things, as in "unknown network".
func (v value) known(def, thing string, names []string) string {
	want := oneOf(names)
	if v.given() && v.n.Kind == yaml.ScalarNode {
		want = nearOf(v.n.Value, names)
	}
	return scalar(v, def, "unknown "+thing, want, nil, func(s string) (string, bool) {
		return s, slices.Contains(names, s)
	})
}

func (v value) hint(names []string) string {
	if v.n == nil || v.n.Kind != yaml.ScalarNode {
		return ""
	}
	return didYouMean(v.n.Value, names)
}

// name returns an identifier: it shows in every output, so no environment
// value may be in it.
func (v value) name(def string) string {
	if !v.given() {
		return def
	}
	const want = "at most 64 letters, digits, - _ ., beginning with a letter or digit"
	if v.n.Kind != yaml.ScalarNode || v.n.ShortTag() != "!!str" && !validName(v.n.Value) {
		v.wrong("wrong type", want)
		return def
	}
	if strings.Contains(v.n.Value, "${") {
		v.problem("a name is part of every output and cannot hold a value of the environment (got %s; want %s)", v.got(), want)
		return def
	}
	if !validName(v.n.Value) {
		v.wrong("not a name", want)
		return def
	}
	return v.n.Value
}

func validName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("-_.", r)) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// list returns the items of a list; a single value is a list of one when one
// is true.
func (v value) list(one bool, want string) []value {
	if !v.given() {
		return nil
	}
	if v.n.Kind != yaml.SequenceNode {
		if one && v.n.Kind == yaml.ScalarNode {
			return []value{v}
		}
		v.wrong("wrong type", want)
		return nil
	}
	items := make([]value, len(v.n.Content))
	for i, n := range v.n.Content {
		items[i] = value{v.d, n, fmt.Sprintf("%s.%d", v.path, i)}
	}
	return items
}

// below returns the value at a dotted path; when it is not there, the nearest
// value around it and false.
func (v value) below(path string) (value, bool) {
	for key := range strings.SplitSeq(path, ".") {
		if v.n == nil {
			return v, false
		}
		i := mappingIndex(v.n, key)
		if v.n.Kind == yaml.SequenceNode {
			if j, err := strconv.Atoi(key); err == nil && j >= 0 && j < len(v.n.Content) {
				i = j
			}
		}
		if i < 0 {
			return v, false
		}
		v = value{v.d, v.n.Content[i], join(v.path, key)}
	}
	return v, true
}

// within checks a range and returns def outside it.
func within[T int64 | float64 | time.Duration](v value, x, def, lo, hi T, format func(T) string) T {
	if !v.given() || v.d.bad[v.n] || x >= lo && x <= hi {
		return x
	}
	v.wrong("out of range", format(lo)+" to "+format(hi))
	return def
}

// didYouMean returns `; did you mean "x"?` for the known name nearest to got,
// or nothing when none is near.
func didYouMean(got string, known []string) string {
	if near := chaos.Nearest(got, known); near != "" && near != got {
		return "; did you mean " + near + "?"
	}
	return ""
}

// oneOf lists the choices of a message, sorted.
func oneOf(names []string) string {
	s := slices.Clone(names)
	slices.Sort(s)
	return "one of " + strings.Join(s, ", ")
}

// nearOf is what is wanted in place of a name: the choices with the nearest
// one, or of many choices only the nearest.
func nearOf(got string, names []string) string {
	const many = 14
	near := chaos.Nearest(got, names)
	switch {
	case near == "" || near == got:
		return oneOf(names)
	case len(names) > many:
		return near
	}
	return oneOf(names) + "; did you mean " + near + "?"
}

func orList(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// section is a mapping that is being read key by key; done reports the keys
// that were not asked for.
type section struct {
	value
	entries []entry
	asked   []string
}

type entry struct {
	key *yaml.Node
	val value
}

// section opens a mapping. A key that is not given is an empty mapping.
func (v value) section(want string) (*section, bool) {
	s := &section{value: v}
	if !v.given() {
		return s, true
	}
	if v.n.Kind != yaml.MappingNode {
		v.wrong("wrong type", want)
		return s, false
	}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(v.n.Content); i += 2 {
		k, n := v.n.Content[i], v.n.Content[i+1]
		at := value{v.d, k, v.path}
		if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!null" {
			at.problem("a key must be a word (got %s)", at.got())
			continue
		}
		if first := seen[k.Value]; first != nil {
			at.problem("duplicate key %s (first at line %d)", at.got(), first.Line)
			continue
		}
		seen[k.Value] = k
		s.entries = append(s.entries, entry{k, value{v.d, n, join(v.path, k.Value)}})
	}
	return s, true
}

func join(path, key string) string {
	if path == "" {
		return clip(key)
	}
	return path + "." + clip(key)
}

// at returns the value of a key and marks the key as known.
func (s *section) at(key string) value {
	if !slices.Contains(s.asked, key) {
		s.asked = append(s.asked, key)
	}
	for _, e := range s.entries {
		if e.key.Value == key {
			return e.val
		}
	}
	return value{d: s.d, path: join(s.path, key)}
}

// forbid reports a key that has no place here.
func (s *section) forbid(key, reason string) {
	for _, e := range s.entries {
		if e.key.Value == key {
			s.asked = append(s.asked, key)
			value{s.d, e.key, e.val.path}.problem("%s", reason)
		}
	}
}

// done reports unknown keys.
func (s *section) done() {
	for _, e := range s.entries {
		if !slices.Contains(s.asked, e.key.Value) {
			k := value{s.d, e.key, s.path}
			k.problem("unknown key (got %s; want %s)", k.got(), nearOf(e.key.Value, s.asked))
		}
	}
}
