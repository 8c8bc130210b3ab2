package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Key is what a run was made with. Only runs with equal keys can be compared: anything
// else that differs between their figures would be taken for a change of the stream.
// The seed, the files of results, descriptions and conditions are not part of it.
type Key struct {
	Hash     string            `json:"hash"`     // of all that follows, in hex
	Mode     string            `json:"mode"`     // run or simulate
	Version  string            `json:"version"`  // major version of hlsload, such as v1; "devel" = not known
	Players  int               `json:"players"`  // at the peak, as the scenario has it
	Agents   int               `json:"agents"`   // 0 = one machine
	Profiles map[string]string `json:"profiles"` // hash of each profile, by its id
	// Settings are the values of the expanded scenario, overrides and defaults included,
	// as they are written there: "target.rig.edge.playlist_ttl" is "1s". Secrets are not
	// among them: a value from the environment stands as ${NAME}.
	Settings map[string]string `json:"settings,omitempty"`
}

// Seal sets the hash.
func (k *Key) Seal() {
	h := sha256.New()
	fmt.Fprintf(h, "hlsload.key/1\n%q %q %d %d\n", k.Mode, k.Version, k.Players, k.Agents)
	for _, of := range []map[string]string{k.Profiles, k.Settings} {
		fmt.Fprintln(h, len(of))
		for _, name := range slices.Sorted(maps.Keys(of)) {
			fmt.Fprintf(h, "%q %q\n", name, of[name])
		}
	}
	k.Hash = hex.EncodeToString(h.Sum(nil))
}

// Clone is a copy that shares nothing with the key; nil of nil.
func (k *Key) Clone() *Key {
	if k == nil {
		return nil
	}
	c := *k
	c.Profiles, c.Settings = maps.Clone(k.Profiles), maps.Clone(k.Settings)
	return &c
}

// Devel is the major version of a build whose version is not known.
const Devel = "devel"

// versioned fits a release, or what was made of one on the way to the next.
var versioned = regexp.MustCompile(`^v?(0\.[0-9]+|[1-9][0-9]*)\.[0-9]+(\.[0-9]+)?([-+].*)?$`)

// pseudo fits the version that the go command gives to a commit without a tag.
var pseudo = regexp.MustCompile(`-(0\.|.*\.0\.)?[0-9]{14}-[0-9a-f]{12}`)

// MajorVersion is the part of a version that says whether figures mean the same: v1 of
// v1.4.2. Before v1 every minor version may change them: v0.3 of v0.3.1. build is a
// version, or the build of a summary, which begins with one.
func MajorVersion(build string) string {
	v, _, _ := strings.Cut(build, ",")
	v = strings.TrimSpace(v)
	m := versioned.FindStringSubmatch(v)
	if m == nil || pseudo.MatchString(v) {
		return Devel
	}
	return "v" + m[1]
}
