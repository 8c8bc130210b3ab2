package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Choice is one policy of a seam. In YAML it is {name: {parameters}}, or the
// name alone. Read over another choice, a policy of the same name keeps the
// parameters that are not given; another one starts from its own.
type Choice[P any] struct {
	Is   P // nil = none was chosen
	name string
}

// Offers is what a seam offers: its policies by name, each with the parameters
// that it has when none are given.
type Offers[P any] map[string]P

// A Seam is a part of a profile that is a choice.
type Seam struct {
	Name      string
	Interface reflect.Type   // of its policies
	Policies  map[string]any // as registered: they must not be changed
}

var seams = map[reflect.Type]*Seam{} // by the interface of the policies

// Register names the policies of a seam, once for each interface P. Policies are
// pointers to structs.
func Register[P any](name string, offers Offers[P]) *Seam {
	s := &Seam{name, reflect.TypeFor[P](), map[string]any{}}
	for n, p := range offers {
		s.Policies[n] = p
	}
	seams[s.Interface] = s
	return s
}

// Seams returns everything that was registered, by name.
func Seams() []*Seam {
	return slices.SortedFunc(maps.Values(seams), func(a, b *Seam) int { return strings.Compare(a.Name, b.Name) })
}

// Names returns the names of the policies, sorted.
func (s *Seam) Names() []string { return slices.Sorted(maps.Keys(s.Policies)) }

// Parameters returns what may be given to a policy, as declared.
func (s *Seam) Parameters(name string) (all []Parameter) {
	p := s.Policies[name]
	limits := map[string]Parameter{}
	if l, ok := p.(Limited); ok {
		Walk(l, func(p Parameter) { limits[p.Path] = p })
	}
	for _, f := range fields(reflect.TypeOf(p).Elem()) {
		at, ok := limits[key(f)]
		if !ok {
			at = Parameter{Path: key(f), Value: reflect.New(f.Type).Interface()}
		}
		all = append(all, at)
	}
	return all
}

// fields are the parameters of a struct, with those of structs that it embeds.
func fields(t reflect.Type) []reflect.StructField {
	if t.Kind() != reflect.Struct {
		return nil
	}
	return slices.DeleteFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return key(f) == "" || key(f) == "-" })
}

// key is how YAML names a field.
func key(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

// Name returns the name of the policy; "" = none was chosen.
func (c Choice[P]) Name() string { return c.name }

// Seam returns what may be chosen.
func (c Choice[P]) Seam() *Seam { return seams[reflect.TypeFor[P]()] }

// Choose takes the policy of a name, with the parameters that it has when none
// are given.
func (c *Choice[P]) Choose(name string) error {
	s := c.Seam()
	made, ok := s.Policies[name]
	if !ok {
		return fmt.Errorf("unknown policy (got %q; want one of %s)", name, strings.Join(s.Names(), ", "))
	}
	fresh := reflect.New(reflect.TypeOf(made).Elem())
	fresh.Elem().Set(reflect.ValueOf(made).Elem())
	c.Is, c.name = fresh.Interface().(P), name
	return nil
}

// UnmarshalYAML reads a name, or a name with parameters.
func (c *Choice[P]) UnmarshalYAML(n *yaml.Node) error {
	name, parameters := n, (*yaml.Node)(nil)
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		name, parameters = n.Content[0], n.Content[1]
	case n.Kind != yaml.ScalarNode:
		return fmt.Errorf("not one policy (want one of %s, or {NAME: {PARAMETERS}})", strings.Join(c.Seam().Names(), ", "))
	}
	if c.name != name.Value {
		if err := c.Choose(name.Value); err != nil {
			return at(name, err)
		}
	}
	if parameters == nil {
		return nil
	}
	if parameters.Kind != yaml.MappingNode && parameters.Kind != yaml.AliasNode {
		return at(parameters, fmt.Errorf("not the parameters of %s (want %s)", name.Value, shape(reflect.TypeOf(c.Is).Elem())))
	}
	return parameters.Load(c.Is, yaml.WithKnownFields())
}

// shape is how the parameters of a policy are written.
func shape(t reflect.Type) string {
	var names []string
	for _, f := range fields(t) {
		names = append(names, key(f)+": …")
	}
	if names == nil {
		return "none"
	}
	return "{" + strings.Join(names, ", ") + "}"
}

// MarshalYAML is the inverse of UnmarshalYAML.
func (c Choice[P]) MarshalYAML() (any, error) {
	switch {
	case c.name == "":
		return nil, nil
	case reflect.DeepEqual(any(c.Is), any(c.Seam().Policies[c.name])):
		return c.name, nil
	}
	return map[string]any{c.name: c.Is}, nil
}

// at gives an error the position of a node.
func at(n *yaml.Node, err error) error {
	return &yaml.LoadErrors{Errors: []*yaml.LoadError{{Mark: yaml.Mark{Line: n.Line, Column: n.Column}, Message: err.Error()}}}
}

// Limits checks that there is a policy, and the ranges of its parameters.
func (c *Choice[P]) Limits(l *Limits) {
	l.see(Parameter{Value: c, Words: c.Seam().Names()})
	if c.name == "" {
		l.Wrong("", "missing (want one of %s)", strings.Join(c.Seam().Names(), ", "))
		return
	}
	if p, ok := any(c.Is).(Limited); ok {
		l.In(c.name, p)
	}
}

// union is a Choice of any seam.
type union interface{ Seam() *Seam }

// Has reports whether a value of type t has a parameter of that path, as in
// "estimate.median.window".
func Has(t reflect.Type, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		if u, ok := reflect.Zero(t).Interface().(union); ok {
			p, ok := u.Seam().Policies[name]
			if !ok {
				return false
			}
			t = reflect.TypeOf(p).Elem()
			continue
		}
		all := fields(t)
		i := slices.IndexFunc(all, func(f reflect.StructField) bool { return key(f) == name })
		if i < 0 {
			return false
		}
		t = all[i].Type
	}
	return true
}
