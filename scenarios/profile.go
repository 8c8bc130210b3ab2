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

// profile reads a name or a file, or {base: name or file} with single values
// to change.
func (d *decoder) profile(v value) *player.Profile {
	const want = "the name of a profile, a file such as ./my-player.yaml, or {base: NAME} with values to change"
	base, changes := v, (*section)(nil)
	if v.given() && v.n.Kind != yaml.ScalarNode {
		s, ok := v.section(want)
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
			values.Content = append(values.Content, e.key, d.fill(e.val))
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
	p, err := profile.Load(v.known(defaultProfile, "profile", profile.Names()))
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
	name, data, ok := v.file("the name of a file with a profile", "the profile", "the name of a profile that ships")
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
	d := newDecoder(src)
	root := d.document(src.Data)
	if root == nil {
		return nil, d
	}
	v := value{d: d, n: root}
	s, ok := v.section("a mapping with id, player, source, confidence and the values of a profile")
	if !ok {
		return nil, d
	}
	base := new(player.Profile)
	values := &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range s.entries {
		switch e.key.Value {
		case "base":
			if base, _ = profile.Load(e.val.known("", "profile", profile.Names())); base == nil {
				return nil, d
			}
			continue
		case "id":
			if id := e.val.name(""); slices.Contains(profile.Names(), id) {
				e.val.wrong("id of a profile that ships", "another id, with the player's version in it")
			}
		}
		values.Content = append(values.Content, e.key, d.fill(e.val))
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

// fill copies a tree with the environment filled into its scalars.
func (d *decoder) fill(v value) *yaml.Node {
	c := *v.n
	d.copyOf[&c] = v.n
	if c.Kind == yaml.ScalarNode && strings.Contains(c.Value, "${") {
		if t, ok := v.secret("a value of the profile"); ok {
			c.Value = t.Value
		}
	}
	c.Content = make([]*yaml.Node, len(v.n.Content))
	for i, n := range v.n.Content {
		c.Content[i] = d.fill(value{d, n, v.path})
	}
	return &c
}

// original is the value that a copy was made of.
func (d *decoder) original(v value) value {
	if n := d.copyOf[v.n]; n != nil {
		v.n = n
	}
	return v
}

// changed puts values over a profile. The profile package reads text, so the
// values are written out and its complaints are traced back to their nodes.
func (d *decoder) changed(v value, base *player.Profile, values *yaml.Node) *player.Profile {
	plain(values)
	text, err := yaml.Dump(values)
	if err != nil {
		v.problem("cannot write the changed values as YAML: %v", err)
		return base
	}
	p, err := profile.Override(base, text)
	if err == nil {
		return p
	}
	var many *yaml.LoadErrors
	if !errors.As(err, &many) {
		for _, text := range strings.Split(err.Error(), "\n") {
			path, rest, _ := strings.Cut(text, ": ")
			if at, ok := (value{v.d, values, v.path}).below(path); ok && rest != "" {
				d.original(at).foreign(rest)
			} else {
				v.problem("%s", text)
			}
		}
		return base
	}
	lines := linesOf(text, v, values)
	wrong := map[*yaml.Node]bool{}
	for _, e := range many.Errors {
		at, ok := lines[e.Mark.Line]
		if !ok {
			at = v
		}
		wrong[at.n] = true
		d.original(at).foreign(plainWords(e.Message))
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
func prune(n *yaml.Node, wrong map[*yaml.Node]bool) bool {
	pruned := false
	if n.Kind == yaml.MappingNode {
		kept := n.Content[:0]
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, val := n.Content[i], n.Content[i+1]
			below := prune(val, wrong)
			pruned = pruned || below || wrong[key] || wrong[val]
			if !wrong[key] && !wrong[val] && !(below && len(val.Content) == 0) {
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

// plain drops comments and styles, so that every value is on a line of its own.
func plain(n *yaml.Node) {
	n.HeadComment, n.LineComment, n.FootComment, n.Anchor = "", "", "", ""
	n.Style &^= yaml.FlowStyle
	for _, c := range n.Content {
		plain(c)
	}
}

// linesOf maps each line of the text that a tree was written as to its value.
func linesOf(text []byte, v value, tree *yaml.Node) map[int]value {
	lines := map[int]value{}
	var again yaml.Node
	if yaml.Load(text, &again) != nil || len(again.Content) != 1 {
		return lines
	}
	var walk func(a, b *yaml.Node)
	walk = func(a, b *yaml.Node) {
		lines[b.Line] = value{v.d, a, v.path}
		for i := range min(len(a.Content), len(b.Content)) {
			walk(a.Content[i], b.Content[i])
		}
	}
	walk(tree, again.Content[0])
	for line, at := range lines {
		at.path = strings.TrimPrefix(v.path+pathTo(tree, at.n), ".")
		lines[line] = at
	}
	return lines
}

// pathTo is the path from tree to n, with a leading dot.
func pathTo(tree, n *yaml.Node) string {
	if tree.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(tree.Content); i += 2 {
		k, val := tree.Content[i], tree.Content[i+1]
		if k == n || val == n {
			return "." + clip(k.Value)
		}
		if p := pathTo(val, n); p != "" {
			return "." + clip(k.Value) + p
		}
	}
	return ""
}
