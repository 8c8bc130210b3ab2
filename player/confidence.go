package player

import (
	"maps"
	"reflect"
	"slices"

	"hlsload/player/policy"
)

// Confidence says where values come from: S read in source, M measured,
// D vendor documentation, E reported by third parties, ? guessed.
type Confidence struct {
	Default string            `yaml:"default"`
	Fields  map[string]string `yaml:"fields"` // by path, as in "stale.after"
}

var confidenceWords = map[string]string{"S": "source", "M": "measured", "D": "documentation", "E": "reported", "?": "guess"}

// ConfidenceWord spells out one of the letters of [Confidence].
func ConfidenceWord(letter string) string { return confidenceWords[letter] }

// Words says in short where most values come from, and whether any of them is
// better or worse founded. It begins with "unchecked" when none was measured.
func (c Confidence) Words() string {
	seen := map[string]bool{c.Default: true}
	for _, l := range c.Fields {
		seen[l] = true
	}
	out := confidenceWords[c.Default]
	for _, l := range []string{"M", "S", "D", "E", "?"} {
		if seen[l] && l != c.Default {
			out += ", " + confidenceWords[l]
		}
	}
	if !seen["M"] {
		return "unchecked: " + out
	}
	return out
}

// Limits checks that the letters are known, and the paths.
func (c *Confidence) Limits(l *policy.Limits) {
	letters := []string{"S", "M", "D", "E", "?"}
	policy.OneOf(l, "default", &c.Default, letters...)
	for _, f := range slices.Sorted(maps.Keys(c.Fields)) {
		letter := c.Fields[f]
		policy.OneOf(l, "fields."+f, &letter, letters...)
		if !policy.Has(reflect.TypeFor[Profile](), f) {
			l.Wrong("fields", "no such value (got %q; want a path such as stale.after)", f)
		}
	}
}
