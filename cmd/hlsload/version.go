package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the release build; "" = the version of the module.
var version = ""

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "hlsload %s, %s\n", build(), runtime.Version())
			return internal(err)
		},
	}
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
