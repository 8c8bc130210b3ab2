package profile

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"hlsload/player"
)

//go:embed *.yaml
var files embed.FS

// Names lists the profiles that ship, sorted.
func Names() []string { return Shipped(files, "*.yaml") }

// Shipped lists the YAML files that ship and match a pattern, sorted, by the names
// that they go by.
func Shipped(files embed.FS, pattern string) []string {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		panic(err) // the pattern is good
	}
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, ".yaml")
	}
	slices.Sort(names)
	return names
}

// Load returns a profile that ships.
func Load(name string) (*player.Profile, error) {
	b, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("unknown profile (got %q; want one of %s)", name, strings.Join(Names(), ", "))
	}
	return Parse(b)
}

// Parse reads a profile file. Unknown keys are errors.
func Parse(b []byte) (*player.Profile, error) {
	p := new(player.Profile)
	var root yaml.Node
	var head struct {
		Base string `yaml:"base"`
	}
	err := yaml.Unmarshal(b, &root)
	if err == nil {
		err = root.Decode(&head)
	}
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if head.Base != "" {
		base, err := Load(head.Base)
		if err != nil {
			return nil, fmt.Errorf("profile: base: %w", err)
		}
		p = base // read anew at each Load, so it is ours to change
	}
	if err := decode(&root, p); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("profile %q: %w", p.ID, err)
	}
	return p, nil
}

// Override returns a copy of base with the values of a YAML mapping put over
// it; lists are replaced whole. Unknown keys are errors.
func Override(base *player.Profile, values []byte) (*player.Profile, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(values, &root); err != nil {
		return nil, err
	}
	return Put(base, &root)
}

// Put is [Override] with a mapping that is read already.
func Put(base *player.Profile, values *yaml.Node) (*player.Profile, error) {
	b, err := yaml.Marshal(base)
	if err != nil {
		return nil, fmt.Errorf("profile %q: %w", base.ID, err)
	}
	p := new(player.Profile)
	if err := yaml.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("profile %q: copying it: %w", base.ID, err)
	}
	if err := decode(values, p); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
}

// decode reads values over those of p.
func decode(values *yaml.Node, p *player.Profile) error {
	if errs := old(values, ""); len(errs) > 0 {
		return &yaml.LoadErrors{Errors: errs}
	}
	return values.Load(p, yaml.WithKnownFields())
}
