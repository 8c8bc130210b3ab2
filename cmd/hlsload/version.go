package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/player/profile"
	"hlsload/run/crew/protocol"
	"hlsload/scenarios"
	"hlsload/system"
)

// version is set by the release build; "" = the version of the module.
var version = ""

// versioned is the document of version --json.
type versioned struct {
	Schema   string          `json:"schema"` // hlsload.version/v1
	Version  string          `json:"version"`
	Commit   string          `json:"commit"` // "" = unknown
	Modified bool            `json:"modified"`
	Tags     []string        `json:"tags"` // none = the core build
	Go       string          `json:"go"`
	OS       string          `json:"os"`
	Arch     string          `json:"arch"`
	Protocol string          `json:"protocol"` // between agents and conductor, which must be equal
	Profiles []profileHashed `json:"profiles"`
	Limits   []systemLimit   `json:"limits"`
}

// profileHashed is a profile that ships, with the hash that the keys of runs have.
type profileHashed struct {
	Profile string `json:"profile"`
	Hash    string `json:"hash"`
}

// systemLimit is something that the program cannot do on this system.
type systemLimit struct {
	What    string `json:"what"`
	Instead string `json:"instead"`
}

func versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return printJSON(cmd, versionDocument())
			}
			w := cmd.OutOrStdout()
			if _, err := fmt.Fprintf(w, "hlsload %s, %s\n", build(), runtime.Version()); err != nil {
				return internal(err)
			}
			for i, l := range system.Limits("") {
				if i == 0 {
					fmt.Fprintf(w, "without, on %s (docs/install.md):\n", runtime.GOOS)
				}
				fmt.Fprintf(w, "  %s: %s\n", l.What, l.Instead)
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON, "the version, the commit, and the hashes of the profiles")
	return cmd
}

func versionDocument() *versioned {
	v, commit, tags := built()
	doc := &versioned{Schema: "hlsload.version/v1", Version: cmp.Or(v, "(devel)"), Commit: commit, Tags: append([]string{}, strings.Fields(tags)...), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Protocol: protocol.Version, Limits: []systemLimit{}}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			doc.Modified = doc.Modified || s.Key == "vcs.modified" && s.Value == "true"
		}
	}
	for _, p := range profile.All() {
		doc.Profiles = append(doc.Profiles, profileHashed{p.ID, scenarios.ProfileHash(p)})
	}
	for _, l := range system.Limits("") {
		doc.Limits = append(doc.Limits, systemLimit{l.What, l.Instead})
	}
	return doc
}

// built is the version, the first digits of the commit and the build tags; "" = not
// known, or no tags: then it is the core build.
func built() (v, commit, tags string) {
	v = version
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v, "", ""
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			commit = s.Value[:12]
		case s.Key == "-tags":
			tags = strings.ReplaceAll(s.Value, ",", " ")
		}
	}
	return cmp.Or(v, info.Main.Version), commit, tags
}

// build is what summaries say about this program: version, commit, tags.
func build() string {
	v, commit, tags := built()
	parts := []string{cmp.Or(v, "(devel)")}
	for _, p := range []string{commit, cmp.Or(tags, "core")} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

// ownVersion is the version as a token for the User-Agent.
func ownVersion() string {
	v, _, _ := built()
	return cmp.Or(strings.Trim(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".-", r) {
			return r
		}
		return -1
	}, v), "."), "dev")
}
