package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

// oddities tells people what was put up with in a playlist of that kind, the like
// in one line, and which of the profiles do not put up with it.
func oddities(profiles []*player.Profile, kind m3u8.Kind, findings m3u8.Findings) []string {
	var groups []m3u8.Finding
	at := map[string]int{}
	for _, f := range findings {
		what, _, _ := strings.Cut(f.Msg, ": got ")
		key := f.Code.String() + " " + what
		if i, ok := at[key]; ok {
			groups[i].Times += f.Times
			continue
		}
		at[key] = len(groups)
		groups = append(groups, f)
	}
	var lines []string
	for i := range groups {
		if i == maxFindings {
			return append(lines, fmt.Sprintf("and %d more kinds", len(groups)-i))
		}
		lines = append(lines, groups[i].String()+" ("+whoMinds(profiles, kind, groups[i].Code)+")")
	}
	return lines
}

// whoMinds names the players that a kind of oddity means something to.
func whoMinds(profiles []*player.Profile, kind m3u8.Kind, c m3u8.Code) string {
	if c == m3u8.Variables {
		var ids []string
		for _, p := range profiles {
			if p.Playlist.NoVariables && !slices.Contains(ids, p.ID) {
				ids = append(ids, p.ID)
			}
		}
		if ids == nil {
			return "all players know variables"
		}
		return "asked for as it is written by " + strings.Join(ids, ", ") + ", without variables"
	}
	ids := slices.Compact(slices.Sorted(slices.Values(player.Refusing(profiles, kind, c))))
	switch all := distinct(profiles); {
	case len(ids) == 0 && all == 1:
		return profiles[0].ID + " does not refuse it"
	case len(ids) == 0:
		return "no player refuses it"
	case len(ids) == all && all > 1:
		return "every player refuses it: " + strings.Join(ids, ", ")
	}
	return "refused by " + strings.Join(ids, ", ")
}

// distinct counts profiles of different ids.
func distinct(profiles []*player.Profile) int {
	ids := map[string]bool{}
	for _, p := range profiles {
		ids[p.ID] = true
	}
	return len(ids)
}

// refusedByAll returns the finding because of which the last of the profiles
// refuses a playlist that all of them refuse; nil = there is one that plays it.
func refusedByAll(profiles []*player.Profile, kind m3u8.Kind, findings m3u8.Findings) *m3u8.Finding {
	var f *m3u8.Finding
	for _, p := range profiles {
		if f = findings.Of(p.Refuses(kind)); f == nil {
			return nil
		}
	}
	return f
}

// allProfiles are those that ship.
func allProfiles() []*player.Profile {
	var all []*player.Profile
	for _, name := range profile.Names() {
		if p, err := profile.Load(name); err == nil { // those that ship load: a test sees to that
			all = append(all, p)
		}
	}
	return all
}

// listFindings lists what the parser puts up with, and who does not.
func listFindings(w io.Writer) error {
	profiles := allProfiles()
	fmt.Fprintln(w, "FINDING\tREFUSED IN A MULTIVARIANT PLAYLIST BY\tIN A MEDIA PLAYLIST BY\tWHAT")
	who := func(kind m3u8.Kind, c m3u8.Code) string {
		if ids := player.Refusing(profiles, kind, c); len(ids) > 0 {
			return strings.Join(ids, " ")
		}
		return "-"
	}
	for _, c := range m3u8.AllCodes() {
		fmt.Fprintf(w, "%v\t%s\t%s\t%s\n", c, who(m3u8.KindMultivariant, c), who(m3u8.KindMedia, c), c.About())
	}
	fmt.Fprintln(w, "\nnames are stable: playlist.refuses of a profile lists them")
	return nil
}
