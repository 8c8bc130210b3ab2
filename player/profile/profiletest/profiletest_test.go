package profiletest

import (
	"testing"

	"go.yaml.in/yaml/v4"

	"hlsload/player"
	"hlsload/player/policy"
	"hlsload/player/profile"
	"hlsload/player/units"
)

// TestProfiles proves that generated profiles are valid, are read back from what they
// are written as, and choose every policy of every seam.
func TestProfiles(t *testing.T) {
	chosen := map[string]bool{}
	for seed := range 100 {
		p := Profiles().Example(seed)
		p.Base = ""
		text, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		q, err := profile.Parse(text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if again, err := yaml.Marshal(q); err != nil || string(again) != string(text) {
			t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, again, text)
		}
		note(p, chosen)
	}
	for _, s := range policy.Seams() {
		for _, name := range s.Names() {
			if !chosen[s.Name+" "+name] {
				t.Errorf("no profile chose %s: %s", s.Name, name)
			}
		}
	}
}

func note(p *player.Profile, chosen map[string]bool) {
	policy.Walk(p, func(at policy.Parameter) {
		if c, ok := at.Value.(interface {
			Name() string
			Seam() *policy.Seam
		}); ok {
			chosen[c.Seam().Name+" "+c.Name()] = true
		}
	})
}

// TestRanges proves that every number and word of a policy has a range.
func TestRanges(t *testing.T) {
	for _, s := range policy.Seams() {
		for _, name := range s.Names() {
			for _, p := range s.Parameters(name) {
				switch p.Value.(type) {
				case *bool, *units.Size: // any
				default:
					if p.Low == nil && p.Words == nil {
						t.Errorf("%s: %s: %s has no range", s.Name, name, p.Path)
					}
				}
			}
		}
	}
}
