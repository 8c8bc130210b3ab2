package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"hlsload/player"
	"hlsload/player/profile"
)

// Profiles have values of their own (docs/profiles.md), which package profile reads.
var (
	profileKey = key{name: "profile", form: ofName, word: profile.Names(), orFile: true, def: defaultProfile, example: "{base: hlsjs-1.7, stale: {misses: {misses: 3}}}",
		doc: "the player: the name of a profile, a file of yours, or {base: NAME} with values to change (docs/profiles.md)", keys: baseKeys, values: &profileValue}
	profileFileKey = key{example: "{id: my-player-3, base: hlsjs-1.7, source: our lab, buffer: {goal: 12s}}", keys: baseKeys, values: &profileValue}

	baseKeys = []key{
		{name: "base", form: ofName, word: profile.Names(), example: "hlsjs-1.7", doc: "the profile whose values hold where none are given"},
		{name: "id", form: ofName, example: "my-player-3", doc: "name in results, with the player's version in it"},
	}
	profileValue = key{form: ofText, example: "{misses: 3}", doc: "a value of the profile"}
)

// profile reads a name or a file, or {base: name or file} with single values
// to change.
func (d *decoder) profile(v value) *player.Profile {
	base, changes := v, (*section)(nil)
	if v.given() && v.n.Kind != yaml.ScalarNode {
		s, ok := v.section()
		if !ok {
			return nil
		}
		base, changes = s.at("base"), s
	}
	p := d.profileNamed(base)
	if p == nil {
		return nil
	}
	if changes == nil || len(changes.entries) == 0 {
		return p
	}
	values := &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range changes.entries {
		if e.key.Value != "base" {
			if e.key.Value == "id" {
				e.val.name("")
			}
			values.Content = append(values.Content, d.fillEntry(e.val.path, e.key, e.val.n, e.val.key)...)
		}
	}
	if len(values.Content) == 0 {
		return p
	}
	return d.changed(v, p, values)
}

// profileNamed reads a profile that ships, or one of the user's.
func (d *decoder) profileNamed(v value) *player.Profile {
	if v.given() && v.n.Kind == yaml.ScalarNode && isProfileFile(v.n.Value) {
		return d.profileFile(v)
	}
	p, err := profile.Load(v.known(defaultProfile, "profile"))
	if err != nil { // the profiles are embedded and tested
		v.problem("%v", err)
		return nil
	}
	return p
}

// isProfileFile reports whether a name is that of a file, not of a profile that
// ships.
func isProfileFile(name string) bool {
	return strings.ContainsRune(name, '/') || slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name))
}

// profileFile reads a file of the user's, named relative to the scenario. Its
// problems carry its own name and positions.
func (d *decoder) profileFile(v value) *player.Profile {
	name, data, ok := v.file("the profile", "the name of a profile that ships")
	if !ok {
		return nil
	}
	file := name.Raw
	if !path.IsAbs(file) {
		file = path.Join(path.Dir(d.src.File), file)
	}
	p, sub := decodeProfile(Source{File: file, Data: data, Getenv: d.src.Getenv})
	d.problems = append(d.problems, sub.problems...)
	d.references.AddAll(sub.references)
	d.profiled = d.profiled || sub.profiled
	return p
}

// LoadProfile decodes and checks a file with a profile. The error is a
// [Problems] with everything that is wrong.
func LoadProfile(src Source) (*player.Profile, error) {
	p, d := decodeProfile(src)
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	return p, nil
}

// decodeProfile returns nil after a problem; the decoder has it.
func decodeProfile(src Source) (*player.Profile, *decoder) {
	d := newDecoder(src, profileFile)
	root := d.document(src.Data)
	if root == nil {
		return nil, d
	}
	v := value{d: d, n: root, key: &profileFileKey}
	s, ok := v.section()
	if !ok {
		return nil, d
	}
	base := new(player.Profile)
	values := &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range s.entries {
		switch e.key.Value {
		case "base":
			if base, _ = profile.Load(e.val.known("", "profile")); base == nil {
				return nil, d
			}
			continue
		case "id":
			if id := e.val.name(""); slices.Contains(profile.Names(), id) {
				e.val.wrong("id of a profile that ships", "another id, with the player's version in it")
			}
		}
		values.Content = append(values.Content, d.fillEntry(e.val.path, e.key, e.val.n, e.val.key)...)
	}
	if base.ID != "" && mappingIndex(root, "id") < 0 {
		v.problem("id is missing (want a unique id, with the player's version in it)")
	}
	if len(d.problems) > 0 {
		return nil, d
	}
	p := d.changed(v, base, values)
	if len(d.problems) > 0 {
		return nil, d
	}
	return p, d
}

// fill copies a tree with the environment filled into its scalars. The line of
// a copy is its number, by which a complaint about it finds what was copied.
func (d *decoder) fill(v value) *yaml.Node {
	c := *v.n
	d.copied = append(d.copied, v)
	c.Line = len(d.copied)
	if c.Kind == yaml.ScalarNode && strings.Contains(c.Value, "${") {
		if t, ok := v.secret(); ok {
			c.Value, d.profiled = t.Value, true
		}
	}
	c.Content = nil
	for i := 0; i < len(v.n.Content); i++ {
		if n := v.n.Content[i]; c.Kind == yaml.MappingNode {
			i++
			c.Content = append(c.Content, d.fillEntry(join(v.path, n.Value), n, v.n.Content[i], v.key)...)
		} else {
			c.Content = append(c.Content, d.fill(value{d, n, v.path, v.key}))
		}
	}
	return &c
}

// fillEntry copies an entry of a mapping. A complaint about the key of a scalar
// is one about the scalar.
func (d *decoder) fillEntry(path string, k, n *yaml.Node, of *key) []*yaml.Node {
	entry := []*yaml.Node{d.fill(value{d, k, path, of}), d.fill(value{d, n, path, of})}
	if n.Kind == yaml.ScalarNode {
		entry[0].Line = entry[1].Line
	}
	return entry
}

// changed puts values, which are copies, over a profile.
func (d *decoder) changed(v value, base *player.Profile, values *yaml.Node) *player.Profile {
	p, err := profile.Put(base, values)
	if err == nil {
		return p
	}
	var many *yaml.LoadErrors
	if !errors.As(err, &many) {
		for _, text := range strings.Split(err.Error(), "\n") {
			path, rest, _ := strings.Cut(text, ": ")
			if at, ok := (value{d: v.d, n: values, path: v.path}).below(path); ok && rest != "" {
				at.n = d.copied[at.n.Line-1].n
				at.foreign(rest)
			} else {
				v.problem("%s", text)
			}
		}
		return base
	}
	wrong := map[int]bool{}
	for _, e := range many.Errors {
		at := v
		if n := e.Mark.Line; n > 0 && n <= len(d.copied) {
			at, wrong[n] = d.copied[n-1], true
		}
		at.foreign(plainWords(e.Message))
	}
	if prune(values, wrong) { // the rest may have problems too
		d.changed(v, base, values)
	}
	return base
}

var (
	unknownField = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
	wrongType    = regexp.MustCompile("^cannot construct !!\\w+ (`.*` )?into (\\S+)$")
)

// plainWords says what the YAML package means.
func plainWords(text string) string {
	text = strings.TrimPrefix(text, "yaml: ")
	if m := unknownField.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("unknown key (got %q; want a key of the profile)", clip(m[1]))
	}
	if m := wrongType.FindStringSubmatch(text); m != nil {
		kind := m[2]
		switch {
		case strings.HasPrefix(kind, "int"):
			kind = "a whole number"
		case strings.HasPrefix(kind, "float"):
			kind = "a number"
		case kind == "bool":
			kind = "true or false"
		default:
			kind = "the type that the profile has there"
		}
		return fmt.Sprintf("wrong type (got %s; want %s)", cmp.Or(strings.Trim(m[1], "` "), "a mapping or list"), kind)
	}
	return text
}

// prune removes the entries of mappings whose key or value is wrong, and those in
// which nothing is left then. It reports whether there were any.
func prune(n *yaml.Node, wrong map[int]bool) bool {
	pruned := false
	if n.Kind == yaml.MappingNode {
		kept := n.Content[:0]
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, val := n.Content[i], n.Content[i+1]
			below := prune(val, wrong)
			pruned = pruned || below || wrong[key.Line] || wrong[val.Line]
			if !wrong[key.Line] && !wrong[val.Line] && !(below && len(val.Content) == 0) {
				kept = append(kept, key, val)
			}
		}
		n.Content = kept
		return pruned
	}
	for _, c := range n.Content {
		pruned = prune(c, wrong) || pruned
	}
	return pruned
}
