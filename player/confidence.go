package player

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
