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
	"hlsload/player/units"
	"hlsload/scenarios/redact"
)

// decoder turns a tree into a scenario and collects problems on the way. A
// reading method that reports a problem returns its default, so decoding goes
// on.
type decoder struct {
	src        Source
	kind       fileKind
	problems   Problems
	from       map[*yaml.Node]string // nodes that an override put into the tree
	copied     []value               // values of profiles, as they are written; see fill
	bad        map[*yaml.Node]bool   // nodes that a problem is about
	references *redact.Secrets       // values of the environment in opaque strings
	filled     map[*yaml.Node]bool   // scalars that hold a value of the environment
	replaced   bool                  // an override replaced the target by a URL
	templates  []templated           // URLs and header values of the target
	settings   map[string]setting    // what was read, by path
	profiled   bool                  // profiles hold values of the environment
}

func newDecoder(src Source, kind fileKind) *decoder {
	return &decoder{
		src:        src,
		kind:       kind,
		from:       map[*yaml.Node]string{},
		bad:        map[*yaml.Node]bool{},
		filled:     map[*yaml.Node]bool{},
		references: &redact.Secrets{},
		settings:   map[string]setting{},
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
	key  *key // how it is written; nil for a key of the file, or a value of a profile
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
func (v value) text() (Text, bool) {
	t, ok := v.textAs(v.key.wants())
	if ok {
		v.d.settings[v.path] = setting{t.Raw, true}
	}
	return t, ok
}

func (v value) textAs(want string) (Text, bool) {
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
func (v value) secret() (Text, bool) {
	t, ok := v.text()
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
func (v value) file(what, instead string) (name Text, data []byte, ok bool) {
	if name, ok = v.secret(); !ok {
		return name, nil, false
	}
	if v.d.src.ReadFile == nil {
		v.problem("this %s cannot refer to files (got %s; want %s)", v.d.kind.name, v.got(), instead)
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
		v.set(def)
		return def
	}
	t, ok := v.textAs(want)
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
	v.set(x)
	return x
}

var (
	numberTags = []string{"!!int", "!!float"}
	boolTags   = []string{"!!bool"}
)

func (v value) duration(def time.Duration) time.Duration {
	x := scalar(v, def, "not a duration", wantDuration, nil, units.ParseDuration)
	return time.Duration(v.within(int64(x), int64(def)))
}

// offset returns a duration that may have a minus sign.
func (v value) offset(def time.Duration) time.Duration {
	want := wantOffset
	if v.key.word != nil {
		want = strings.Join(v.key.word, ", ") + ", or " + want
	}
	x := scalar(v, def, "not an offset", want, nil, parseOffset)
	return time.Duration(v.within(int64(x), int64(def)))
}

func (v value) rate(def int64) int64 {
	return v.within(scalar(v, def, "not a rate", wantRate, nil, units.ParseRate), def)
}

func (v value) bytes(def int64) int64 {
	return v.within(scalar(v, def, "not a number of bytes", wantBytes, nil, units.ParseBytes), def)
}

// share returns a fraction in (0, 1], or from 0 to the most that the key has.
func (v value) share(def float64) float64 {
	x := scalar(v, def, "not a share", wantShare, nil, units.ParseShare)
	_, most := v.key.bounds()
	if v.given() && !v.d.bad[v.n] && (x > float64(most)/100 || x <= 0 && v.key.most == 0) {
		v.wrong("out of range", v.key.ranges())
		return def
	}
	return x
}

func (v value) integer(def int64) int64 {
	least, most := v.key.bounds()
	want, tags := fmt.Sprintf("a whole number from %d to %d", least, most), numberTags
	parse := func(s string) (int64, bool) {
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil
	}
	if v.key.form == ofCount && v.given() {
		want, parse = want+", such as 500, 20k or 2M", units.ParseCount
		if _, ok := units.ParseCount(v.n.Value); ok && v.n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
			tags = nil // 20k is text to YAML
		}
	}
	return v.within(scalar(v, def, "not a whole number", want, tags, parse), def)
}

// count is an integer that the machine has a word for.
func (v value) count(def int) int { return int(v.integer(int64(def))) }

func (v value) perSecond() int64 {
	return v.within(scalar(v, 0, "not a rate of requests", wantRequests, nil, func(s string) (int64, bool) {
		n, ok := strings.CutSuffix(s, "/s")
		x, whole := units.ParseCount(n)
		return x, ok && whole && n[0] != '+'
	}), 0)
}

func (v value) number(def float64) float64 {
	return scalar(v, def, "not a number", "a number such as "+v.key.example, numberTags, func(s string) (float64, bool) {
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	})
}

func (v value) boolean(def bool) bool {
	return scalar(v, def, "neither true nor false", "true or false", boolTags, func(s string) (bool, bool) {
		return s == "true", s == "true" || s == "false"
	})
}

// choice returns one of the key's words.
func (v value) choice(def string) string {
	return scalar(v, def, "unknown value", orList(v.key.word)+v.hint(v.key.word), nil, func(s string) (string, bool) {
		return s, slices.Contains(v.key.word, s)
	})
}

// known is choice for names of things, as in "unknown network".
func (v value) known(def, thing string) string {
	names := v.key.word
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

// list returns the items of a list; a single value is a list of one where the key may
// have one.
func (v value) list() []value {
	if !v.given() {
		return nil
	}
	if v.n.Kind != yaml.SequenceNode {
		if v.key.form != "" && v.n.Kind == yaml.ScalarNode {
			return []value{v}
		}
		v.wrong("wrong type", v.key.wants())
		return nil
	}
	items := make([]value, len(v.n.Content))
	for i, n := range v.n.Content {
		items[i] = value{v.d, n, fmt.Sprintf("%s.%d", v.path, i), v.key.items}
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
		v = value{d: v.d, n: v.n.Content[i], path: join(v.path, key)}
	}
	return v, true
}

// within checks the range of the key and returns def outside it.
func (v value) within(x, def int64) int64 {
	least, most := v.key.bounds()
	if !v.given() || v.d.bad[v.n] || x >= least && x <= most {
		return x
	}
	v.wrong("out of range", v.key.ranges())
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

// section is a mapping that is read key by key; done reports the keys that it must not
// have.
type section struct {
	value
	entries  []entry
	reserved []string // reported already
}

type entry struct {
	key *yaml.Node
	val value
}

// section opens a mapping. A key that is not given is an empty mapping.
func (v value) section() (*section, bool) {
	s := &section{value: v}
	if !v.given() {
		return s, true
	}
	if v.n.Kind != yaml.MappingNode {
		v.wrong("wrong type", v.key.wants())
		return s, false
	}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(v.n.Content); i += 2 {
		k, n := v.n.Content[i], v.n.Content[i+1]
		at := value{d: v.d, n: k, path: v.path}
		if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!null" {
			at.problem("a key must be a word (got %s)", at.got())
			continue
		}
		if first := seen[k.Value]; first != nil {
			at.problem("duplicate key %s (first at line %d)", at.got(), first.Line)
			continue
		}
		seen[k.Value] = k
		of := v.key.find(k.Value)
		if of == nil {
			of = v.key.values
		}
		s.entries = append(s.entries, entry{k, value{v.d, n, join(v.path, k.Value), of}})
	}
	return s, true
}

func join(path, key string) string {
	if path == "" {
		return clip(key)
	}
	return path + "." + clip(key)
}

// at returns the value of a key, which must be in the table.
func (s *section) at(name string) value {
	of := s.key.find(name)
	if of == nil {
		panic("scenarios: " + join(s.path, name) + " is read and is in no table of keys")
	}
	for _, e := range s.entries {
		if e.key.Value == name {
			return e.val
		}
	}
	return value{d: s.d, path: join(s.path, name), key: of}
}

// forbid reports a key that has no place here.
func (s *section) forbid(name, reason string) {
	for _, e := range s.entries {
		if e.key.Value == name {
			s.reserved = append(s.reserved, name)
			value{d: s.d, n: e.key, path: e.val.path}.problem("%s", reason)
		}
	}
}

// done reports unknown keys.
func (s *section) done() {
	for _, e := range s.entries {
		if s.key.find(e.key.Value) == nil && s.key.values == nil && !slices.Contains(s.reserved, e.key.Value) {
			k := value{d: s.d, n: e.key, path: s.path}
			k.problem("unknown key (got %s; want %s)", k.got(), nearOf(e.key.Value, s.key.names()))
		}
	}
}
