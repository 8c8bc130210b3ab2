package nights

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// How says how nights are compared. The zero value is the usual way.
type How struct {
	Nights int // of the base that are used, the last ones; 0 = 14
	// Comparable says why a night cannot be compared with the new one, "" = it can; nil =
	// their keys must be equal.
	Comparable func(base, now *Night) (why string)
	Across     string // what was changed on purpose: target, profile or scenario; "" = nothing
	// Differences are the settings that differ, for the comparison.
	Differences []Difference
	Seed        uint64 // of the draws for Shift
	Bare        bool   // without Shift
}

// The tests of a [Finding].
const (
	TestRank   = "rank"           // Mann and Whitney's over occurrences
	TestNight  = "night"          // against the spread of the nights
	TestBoth   = "rank and night" // both: the larger probability
	TestShare  = "share"          // as TestNight, and by the counts of sessions
	TestExact  = "exact"          // two simulations with one seed
	TestAlways = "always"         // what never was there in the base
)

const (
	usual       = 14  // nights of a base
	fewest      = 5   // nights of a base: with less, a spread is a guess
	significant = .01 // after Holm
	outside     = .01 // of a night, where ranks decide
	relative    = .10 // least change that counts
	point       = .01 // of a share
	reloads     = 1. / 4
	deviations  = 3 // from the median, where ranks cannot decide
)

// sameKey is the usual way to see whether nights can be compared.
func sameKey(base, now *Night) string {
	switch {
	case base.Key.Hash == "" || now.Key.Hash == "":
		return "it has no key: an older version of hlsload wrote it"
	case base.Key.Hash != now.Key.Hash:
		return "another key: scenario, players, profiles or version differ"
	}
	return ""
}

// Split parts nights into those that the new one is compared with, in the order of their
// start, and those that are left out, with the reason.
func Split(base []Night, now *Night, how How) (used []Night, left []Ref) {
	comparable := how.Comparable
	if comparable == nil {
		comparable = sameKey
	}
	sorted := slices.Clone(base)
	slices.SortStableFunc(sorted, func(a, b Night) int { return cmp.Compare(a.Started, b.Started) })
	out := func(n *Night, why string) {
		r := n.ref()
		r.Why = why
		left = append(left, r)
	}
	for i := range sorted {
		n := &sorted[i]
		switch why := comparable(n, now); {
		case n.RunID != "" && n.RunID == now.RunID:
			out(n, "it is the new night itself")
		case why != "":
			out(n, why)
		case !n.Proves():
			out(n, n.Verdict+": "+n.Reason)
		default:
			used = append(used, *n)
		}
	}
	used = oneSeed(used, now, out)
	most := how.Nights
	if most <= 0 {
		most = usual
	}
	for len(used) > most {
		out(&used[0], fmt.Sprintf("only the last %d nights are used", most))
		used = used[1:]
	}
	return used, left
}

// oneSeed keeps the nights with the seed of the new one, if there are enough, else one of
// each seed. A seed decides the phase of the segments and every player's draws: nights of
// one seed are more alike than others, and would make chance look smaller than it is.
func oneSeed(used []Night, now *Night, out func(n *Night, why string)) (kept []Night) {
	same := 0
	last := map[uint64]int{}
	for i := range used {
		last[used[i].Seed] = i
		if used[i].Seed == now.Seed {
			same++
		}
	}
	if now.Key.Mode == reports.ModeSimulate && same > 0 {
		return used // they are compared exactly
	}
	for i := range used {
		switch n := &used[i]; {
		case same >= fewest && n.Seed != now.Seed:
			out(n, fmt.Sprintf("another seed: %d nights with seed %d are enough", same, now.Seed))
		case same < fewest && last[n.Seed] != i:
			out(n, "a later night has the same seed")
		default:
			kept = append(kept, *n)
		}
	}
	return kept
}

func (n *Night) ref() Ref {
	return Ref{Run: n.Run, Started: n.Started, Seed: n.Seed, Build: n.Build, Verdict: n.Verdict}
}

// Compare says what got worse in a new night, and whether that is more than chance.
func Compare(base []Night, now Night, how How) Comparison {
	used, left := Split(base, &now, how)
	c := Comparison{Schema: ComparisonSchema, Base: []Ref{}, Left: left, New: now.ref(), Across: how.Across, Differences: how.Differences, Findings: []Finding{}, Notes: []string{}}
	if c.Left == nil {
		c.Left = []Ref{}
	}
	if c.Differences == nil {
		c.Differences = []Difference{}
	}
	for i := range used {
		c.Base = append(c.Base, used[i].ref())
	}
	switch {
	case !now.Proves():
		c.nothing(fmt.Sprintf("the new night proves nothing: %s: %s", now.Verdict, now.Reason))
		return c
	case len(used) == 0 && len(base) == 0:
		c.nothing("there is no night to compare with yet")
		c.First = true
		return c
	case len(used) == 0:
		c.nothing(fmt.Sprintf("no night can be compared with the new one: of %s %s", figure.Plural(len(left), "night"), whys(left)))
		c.First = true
		return c
	}
	j := judge{used: used, now: &now, how: how, comparison: &c}
	j.exact = j.twin()
	j.measures()
	j.never()
	j.expectations()
	j.conclude()
	return c
}

// whys counts reasons for leaving nights out.
func whys(left []Ref) string {
	by := map[string]int64{}
	for _, r := range left {
		by[r.Why]++
	}
	var parts []string
	for _, why := range figure.MostFirst(by) {
		parts = append(parts, fmt.Sprintf("%d: %s", by[why], why))
	}
	return strings.Join(parts, "; ")
}

func (c *Comparison) nothing(reason string) {
	c.Outcome, c.ExitCode, c.Reason = Nothing, reports.ExitNothing, reason
}
