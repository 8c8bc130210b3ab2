package nights

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hlsload/reports"
)

// What may be changed on purpose between the base and the new night.
const (
	AcrossTarget   = "target"
	AcrossProfile  = "profile"
	AcrossScenario = "scenario"
)

// Changes are all of them, those that allow least first.
var Changes = []string{AcrossTarget, AcrossProfile, AcrossScenario}

// Paths of differences that are no settings.
const (
	pathMode     = "mode"
	pathVersion  = "version"
	pathAgents   = "agents"
	pathPlayers  = "players"
	pathProfiles = "profiles." // and the id
	pathSettings = "settings"  // not known of one of the two
)

// allows reports whether something may differ.
func allows(across, path string) bool {
	switch across {
	case AcrossTarget: // aws names the resources of the target
		return path == "target" || path == "aws" || strings.HasPrefix(path, "target.") || strings.HasPrefix(path, "aws.")
	case AcrossProfile:
		return strings.HasPrefix(path, pathProfiles) || strings.HasPrefix(path, "fleet.cohorts.") && strings.HasSuffix(path, ".profile")
	case AcrossScenario:
		return path != pathMode && path != pathVersion
	}
	return false
}

// Differences are what differs between two keys, in the order of paths: first what a
// comparison may never be across. Settings that are not known of one of them are one
// difference, unless the profiles and the rest explain that the keys are not equal.
func Differences(base, now *reports.Key) []Difference {
	if base.Hash == now.Hash {
		return nil
	}
	var all []Difference
	add := func(path, a, b string) {
		if a != b {
			all = append(all, Difference{path, a, b})
		}
	}
	add(pathMode, base.Mode, now.Mode)
	add(pathVersion, base.Version, now.Version)
	known := len(base.Settings) > 0 && len(now.Settings) > 0
	if !known {
		add(pathPlayers, strconv.Itoa(base.Players), strconv.Itoa(now.Players))
	}
	add(pathAgents, strconv.Itoa(base.Agents), strconv.Itoa(now.Agents))
	each := func(prefix string, a, b map[string]string) {
		paths := slices.Collect(maps.Keys(a))
		for path := range b {
			if _, both := a[path]; !both {
				paths = append(paths, path)
			}
		}
		slices.Sort(paths)
		for _, path := range paths {
			add(prefix+path, a[path], b[path])
		}
	}
	each(pathProfiles, base.Profiles, now.Profiles)
	if known {
		each("", base.Settings, now.Settings)
	} else {
		all = append(all, Difference{Path: pathSettings})
	}
	return all
}

// Allowed reports whether all differences may be there.
func Allowed(across string, all []Difference) bool {
	return !slices.ContainsFunc(all, func(d Difference) bool { return !allows(across, d.Path) })
}

// Suggested is what a comparison has to be across for these differences; "" = nothing
// allows them.
func Suggested(all []Difference) string {
	for _, across := range Changes {
		if len(all) > 0 && Allowed(across, all) {
			return across
		}
	}
	return ""
}

// Text says what differs: "target.rig.edge.playlist_ttl: 1s against 10s".
func (d Difference) Text() string {
	if d.Path == pathSettings {
		return "settings: not known of the base, whose folder is gone"
	}
	none := func(s string) string { return cmp.Or(s, "none") }
	return d.Path + ": " + none(d.Base) + " against " + none(d.New)
}

// Judge compares a new night with those before. Across is what was changed on purpose; ""
// = nothing was. At most so many nights of the base are used; 0 = as usual.
func Judge(base []Night, now Night, across string, most int) Comparison {
	how := chosen(base, &now, across)
	how.Nights = most
	c := Compare(base, now, how)
	if now.Proves() && len(c.Base) == 0 && len(c.Differences) > 0 {
		c.Reason = "no run of the base can be compared with the new one: " + in3(c.Differences, across)
	}
	switch suggested := Suggested(how.Differences); {
	case across != "" && len(c.Base) > 0 && len(c.Differences) == 0:
		c.Notes = append(c.Notes, "the keys are equal: there is nothing to compare across")
	case len(c.Base) > 0 || len(c.Differences) == 0:
	case suggested != "":
		c.Notes = append(c.Notes, "--across "+suggested+" compares runs with these differences")
	default:
		c.Notes = append(c.Notes, "runs with these differences cannot be compared at all: want the same mode (run or simulate) and the same major version of hlsload")
	}
	return c
}

// chosen is how nights are compared with a new one, when something was changed on purpose
// or nothing was. The keys of the nights have their settings where those are known. Of a
// base with several keys, the key of the last night that may be compared counts: across a
// change, of the last one before it.
func chosen(base []Night, now *Night, across string) How {
	how := How{Across: across}
	var reference, unchanged *Night
	var nearest []Difference // of the last night that proves something
	sorted := slices.Clone(base)
	slices.SortStableFunc(sorted, func(a, b Night) int { return cmp.Compare(a.Started, b.Started) })
	for i := range slices.Backward(sorted) {
		n := &sorted[i]
		if !n.Proves() || noKey(n, now) != "" || n.Is(now) {
			continue
		}
		switch d := Differences(&n.Key, &now.Key); {
		case across != "" && len(d) == 0: // a night after the change, which counts if there are no others
			if unchanged == nil {
				unchanged = n
			}
		case reference == nil && Allowed(across, d):
			reference, how.Differences = n, d
		case nearest == nil || len(d) < len(nearest):
			nearest = d
		}
	}
	if reference == nil && unchanged != nil {
		reference, nearest = unchanged, nil
	}
	if reference == nil {
		how.Differences = nearest
	}
	how.Comparable = func(n, now *Night) string {
		if why := noKey(n, now); why != "" {
			return why
		}
		d := Differences(&n.Key, &now.Key)
		switch {
		case reference != nil && n.Key.Hash == reference.Key.Hash:
			return ""
		case across != "" && len(d) == 0:
			return "it has the key of the new one: nothing was changed between them"
		case Allowed(across, d):
			return "its key is not that of the last night of the base"
		}
		return "another key: " + in3(d, across)
	}
	return how
}

// Is reports whether two nights are one.
func (n *Night) Is(o *Night) bool {
	if n.RunID != "" || o.RunID != "" {
		return n.RunID == o.RunID
	}
	return n.Started == o.Started && n.Seed == o.Seed && n.Scenario == o.Scenario && n.Build == o.Build
}

func noKey(base, now *Night) string {
	switch {
	case now.Key.Hash == "":
		return "the new night has no key: an older version of hlsload wrote it"
	case base.Key.Hash == "":
		return "it has no key: an older version of hlsload wrote it"
	}
	return ""
}

// in3 says what differs, in at most three settings.
func in3(all []Difference, across string) string {
	const most = 3
	var parts []string
	for _, d := range all {
		if !allows(across, d.Path) {
			parts = append(parts, d.Text())
		}
	}
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], strconv.Itoa(more)+" more")
	}
	return strings.Join(parts, ", ")
}

// With adds what became of each player of two simulations with one seed. Where no figure
// says that something got worse, that may.
func (c *Comparison) With(p *Pairs) {
	c.Pairs = p
	if why := p.Worse(); why != "" && c.Outcome == Same {
		c.Outcome, c.ExitCode, c.Reason = Worse, reports.ExitFail, why
	}
}
