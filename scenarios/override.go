package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"hlsload/scenarios/redact"
)

// Override is one value from outside the file. Later ones win.
type Override struct {
	From  string // for messages: "--set fleet.players=5", "--players 5", "HLSLOAD_PLAYERS"
	Flag  string // the flag that has the same effect, without --; "" = --set
	Path  string // keys with dots between; list items by name or index
	Value string // a YAML scalar, or a flow list or mapping
}

// Set reads an argument of --set: path=value.
func Set(arg string) (Override, error) {
	path, val, ok := strings.Cut(arg, "=")
	if !ok || path == "" || strings.Contains("."+path+".", "..") {
		return Override{}, fmt.Errorf("--set: not an override (got %q; want path=value such as chaos.kill-0.at=20s)", clip(arg))
	}
	from := "--set " + clip(arg)
	if strings.ContainsAny(val[:min(1, len(val))], "[{") {
		from = "--set " + clip(path) // each problem of a list would repeat the whole of it
	}
	return Override{From: from, Path: path, Value: val}, nil
}

// Variable is an environment variable that has the same effect as a flag.
type Variable struct {
	Name string
	Flag string // without --
	Path string // the key that it replaces; "" = none
	Doc  string
}

// Variables are all that users may set.
var Variables = []Variable{
	{"HLSLOAD_PLAYERS", "players", "fleet.players", "number of players"},
	{"HLSLOAD_DURATION", "duration", "duration", "length of the run"},
	{"HLSLOAD_SEED", "seed", "seed", "seed of everything that is random"},
	{"HLSLOAD_URL", "url", urlPath, "the stream to watch, in place of the whole target except its headers and globs"},
	{"HLSLOAD_PROGRESS", "progress", "", "how progress is shown: auto, bar, plain or none"},
	{"HLSLOAD_JOIN", "join", "", "the join string of hlsload agent, a secret"},
	{"HLSLOAD_HALT", "join", "", "the join string of hlsload halt, a secret"},
}

// Variables of the project's own tests begin with one of these.
var testVariables = []string{"HLSLOAD_TEST_", "HLSLOAD_CORPUS"}

// CheckEnv reports the variables of an environment (NAME=value) that are named like
// those of this program and mean nothing to it. Their values do not show.
func CheckEnv(environ []string) error {
	var known []string
	for _, v := range Variables {
		known = append(known, v.Name)
	}
	var errs []error
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		ofTests := slices.ContainsFunc(testVariables, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if strings.HasPrefix(name, "HLSLOAD_") && !ofTests && !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("unknown environment variable (got %s; want %s)", clip(name), nearOf(name, known)))
		}
	}
	return errors.Join(errs...)
}

// urlPath is where --url puts its value: it replaces the whole target, except
// headers and globs.
const urlPath = "target.url"

// KeyPaths are the beginnings of overrides, as in "fleet.players=". Items of lists go by
// names of the user's and are not among them.
func KeyPaths() []string {
	var paths []string
	var walk func(path string, keys []key)
	walk = func(path string, keys []key) {
		for i := range keys {
			at := join(path, keys[i].name)
			if keys[i].form != "" || keys[i].items != nil {
				paths = append(paths, at+"=")
			}
			walk(at, keys[i].keys)
		}
	}
	walk("", scenarioKey.keys)
	return paths
}

// Flag returns the override of a flag: players, duration, seed or url.
func Flag(name, val string) (Override, error) {
	for _, s := range Variables {
		if s.Flag == name && s.Path != "" {
			return Override{From: "--" + name + " " + clip(val), Flag: name, Path: s.Path, Value: val}, nil
		}
	}
	return Override{}, fmt.Errorf("no such flag (got --%s; want --players, --duration, --seed or --url)", name)
}

// FromEnv returns the overrides of the environment. Empty variables count as not set.
func FromEnv(getenv func(string) (string, bool)) []Override {
	var out []Override
	for _, s := range Variables {
		if v, ok := getenv(s.Name); ok && v != "" && s.Path != "" {
			out = append(out, Override{From: s.Name, Flag: s.Flag, Path: s.Path, Value: v})
		}
	}
	return out
}

// Overrides are what changed the scenario, as flags that would change it again: without
// those that a later one replaced, the seed (which [Scenario.Seed] has) and the values of
// headers.
func (sc *Scenario) Overrides() []Override {
	var out []Override
	for i, o := range sc.overrides {
		replaced := slices.ContainsFunc(sc.overrides[i+1:], func(later Override) bool {
			return later.Path == o.Path || strings.HasPrefix(o.Path, later.Path+".")
		})
		if replaced || o.Path == "seed" {
			continue
		}
		if header, _, _ := strings.Cut(strings.TrimPrefix(o.Path, "target."), "."); header == "headers" || o.Path == "target" && strings.Contains(o.Value, "headers") {
			o.Value = redact.Mask
		}
		out = append(out, o)
	}
	return out
}

// override puts a value into the tree, or reports why it cannot.
func (d *decoder) override(root *yaml.Node, o Override) {
	fail := func(format string, args ...any) { d.report(o.From, 0, 0, format, args...) }
	leaf, err := parseOverride(o.Value)
	if err != nil {
		fail("not valid YAML: %v", err)
		return
	}
	if leaf = d.expandOverride(leaf, o.From); leaf == nil {
		return
	}
	keys := strings.Split(o.Path, ".")
	if name, ok := strings.CutPrefix(o.Path, "quotas."); ok {
		keys = []string{"quotas", name} // names of quotas have dots
	}
	if len(keys) > maxDepth {
		fail("path is too long (got %d keys; want at most %d)", len(keys), maxDepth)
		return
	}
	if o.Path == urlPath && !strings.HasPrefix(o.From, "--set ") {
		d.replaceTarget(root)
	}
	at, i := root, 0
	for {
		slot := -1 // where the next node is in at.Content
		switch path := strings.Join(keys[:i], "."); at.Kind {
		case yaml.SequenceNode:
			var taken int
			var names []string
			if slot, taken, names = item(at, keys[i:]); slot < 0 {
				fail("%s has no item of that name (got %q; want %s%s)", path, clip(keys[i]), oneOfOrNone(names), didYouMean(keys[i], names))
				return
			}
			i += taken
		case yaml.MappingNode:
			if slot = mappingIndex(at, keys[i]); slot < 0 {
				k := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: keys[i]}
				n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
				d.from[k], d.from[n] = o.From, o.From
				at.Content = append(at.Content, k, n)
				slot = len(at.Content) - 1
			}
			i++
		default:
			fail("%s is a single value without keys (got %q below it; want the path of a value)", path, clip(keys[i]))
			return
		}
		if i == len(keys) {
			at.Content[slot] = leaf
			return
		}
		at = at.Content[slot]
		d.asMapping(at, keys[i-1], o.From)
	}
}

// parseOverride reads a flow list, a flow mapping or a quoted string as YAML,
// and everything else as the scalar it is.
func parseOverride(s string) (*yaml.Node, error) {
	t := strings.TrimSpace(s)
	structured := t != "" && strings.ContainsAny(t[:1], "[{\"'")
	text := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if len(s) > MaxBytes || badByte([]byte(s)) >= 0 {
		return nil, errors.New("not UTF-8 text, or too long")
	}
	loader, err := yaml.NewLoader(strings.NewReader(t), yaml.WithPlugin(depthLimit{}))
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err = loader.Load(&doc); err == nil && doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		n := doc.Content[0]
		if structured || n.Kind == yaml.ScalarNode && n.Value == t && n.Style&yaml.TaggedStyle == 0 {
			return n, nil
		}
	}
	switch {
	case t == "":
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	case structured && err != nil:
		return nil, errors.New(parserMessage(err))
	}
	return text, nil
}

// expandOverride checks and marks the nodes of an override.
func (d *decoder) expandOverride(n *yaml.Node, from string) *yaml.Node {
	before := len(d.problems)
	e := expander{d: d, open: map[*yaml.Node]bool{}}
	n = e.expand(n, 0)
	for i := before; i < len(d.problems); i++ {
		d.problems[i].From, d.problems[i].Line, d.problems[i].Column = from, 0, 0
	}
	if e.failed {
		return nil
	}
	d.mark(n, from)
	return n
}

func (d *decoder) mark(n *yaml.Node, from string) {
	d.from[n] = from
	for _, c := range n.Content {
		d.mark(c, from)
	}
}

// asMapping turns what is short for a mapping into it, so that a path may go
// on below it: nothing becomes an empty mapping, the name of a profile or
// network becomes {base: name}.
func (d *decoder) asMapping(n *yaml.Node, key, from string) {
	if n.Kind != yaml.ScalarNode {
		return
	}
	old := *n
	null := old.ShortTag() == "!!null"
	if !null && key != "profile" && key != "network" {
		return
	}
	n.Kind, n.Tag, n.Value, n.Style = yaml.MappingNode, "!!map", "", 0
	if null {
		return
	}
	base := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "base", Line: old.Line, Column: old.Column}
	d.from[base], d.from[&old] = from, d.from[n]
	n.Content = []*yaml.Node{base, &old}
}

// replaceTarget makes room for --url: the rig and the entry go, headers and
// globs stay.
func (d *decoder) replaceTarget(root *yaml.Node) {
	d.replaced = true
	i := mappingIndex(root, "target")
	if i < 0 || root.Content[i].Kind != yaml.MappingNode {
		return
	}
	t := root.Content[i]
	var kept []*yaml.Node
	for j := 0; j+1 < len(t.Content); j += 2 {
		if k := t.Content[j].Value; k != "rig" && k != "entry" {
			kept = append(kept, t.Content[j], t.Content[j+1])
		}
	}
	t.Content = kept
}

// item finds the item of a list that the next keys name, else number. It
// returns how many keys that took: a name may hold dots.
func item(list *yaml.Node, keys []string) (index, taken int, names []string) {
	for i, n := range list.Content {
		var name string
		if j := mappingIndex(n, "name"); j >= 0 {
			name = n.Content[j].Value
		} else if j := mappingIndex(n, "fault"); j >= 0 {
			name = nameless(n.Content[j].Value)
		} else {
			continue
		}
		dots := strings.Count(name, ".") + 1
		if dots <= len(keys) && name == strings.Join(keys[:dots], ".") {
			return i, dots, nil
		}
		names = append(names, name)
	}
	if i, err := strconv.Atoi(keys[0]); err == nil && i >= 0 && i < len(list.Content) {
		return i, 1, nil
	}
	return -1, 0, names
}

// mappingIndex is the index of the value of a key in a mapping, -1 = none.
func mappingIndex(n *yaml.Node, key string) int {
	if n.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i + 1
		}
	}
	return -1
}

func oneOfOrNone(names []string) string {
	if len(names) == 0 {
		return "an item; there are none"
	}
	return oneOf(names)
}
