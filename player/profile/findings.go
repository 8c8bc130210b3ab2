package profile

import (
	"fmt"
	"slices"
	"strings"

	"hlsload/player"
	"hlsload/player/m3u8"
)

// maxFindings bounds what is said about one playlist.
const maxFindings = 10

// Oddities says what the parser accepted in a playlist of that kind although it is
// wrong, findings that are alike in one line, and which profiles refuse it.
func Oddities(profiles []*player.Profile, kind m3u8.Kind, findings m3u8.Findings) []string {
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
		lines = append(lines, groups[i].String()+" ("+effect(profiles, kind, groups[i].Code)+")")
	}
	return lines
}

// effect says for which players a finding matters.
func effect(profiles []*player.Profile, kind m3u8.Kind, c m3u8.Code) string {
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
	switch all := Distinct(profiles); {
	case len(ids) == 0 && all == 1:
		return profiles[0].ID + " does not refuse it"
	case len(ids) == 0:
		return "no player refuses it"
	case len(ids) == all && all > 1:
		return "every player refuses it: " + strings.Join(ids, ", ")
	}
	return "refused by " + strings.Join(ids, ", ")
}

// Distinct counts profiles of different ids.
func Distinct(profiles []*player.Profile) int {
	ids := map[string]bool{}
	for _, p := range profiles {
		ids[p.ID] = true
	}
	return len(ids)
}

// RefusedByAll returns a finding because of which a playlist is refused when all
// profiles refuse it; nil = one of them plays it.
func RefusedByAll(profiles []*player.Profile, kind m3u8.Kind, findings m3u8.Findings) *m3u8.Finding {
	var f *m3u8.Finding
	for _, p := range profiles {
		if f = findings.Of(p.Refuses(kind)); f == nil {
			return nil
		}
	}
	return f
}

// All are the profiles that ship.
func All() []*player.Profile {
	var all []*player.Profile
	for _, name := range Names() {
		if p, err := Load(name); err == nil { // those that ship load: a test proves it
			all = append(all, p)
		}
	}
	return all
}
