package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// The head of a report: what was tested, what happened to whom, and what helps. All
// files for people say it in the same words.

// harm is what a fault did to the picture of its viewers. Sessions that left are not
// in it.
type harm struct {
	watching int64         // at onset
	lost     int64         // of those, lost the picture
	late     int64         // that joined during the fault lost it as well
	longest  reports.Value // ms
	cut      bool          // the end cut the longest off
	total    float64       // ms without a picture, of all
	parts    []part        // by profile, those with the most losses first
}

type part struct {
	profile        string
	lost, affected int64
	longest        reports.Value
}

func harmOf(f *reports.FaultSummary) harm {
	onset := f.AtOnset
	if onset == nil {
		onset = &reports.FaultShare{OutageMs: f.OutageMs}
	}
	h := harm{watching: f.WatchingAtOnset, lost: onset.OutageMs.Dark(), longest: f.OutageMs.Max, cut: f.OutageMs.Censored > 0}
	h.late = max(f.OutageMs.Dark()-h.lost, 0)
	h.total = f.OutageMs.Mean.OrZero() * float64(f.OutageMs.Count)
	for _, name := range slices.Sorted(maps.Keys(f.ByProfile)) {
		p := f.ByProfile[name]
		if n := p.OutageMs.Dark(); n > 0 {
			h.parts = append(h.parts, part{name, n, p.Affected - p.Left, p.OutageMs.Max})
		}
	}
	slices.SortStableFunc(h.parts, func(a, b part) int { return cmp.Compare(b.lost, a.lost) })
	return h
}

// all is how many lost the picture.
func (h *harm) all() int64 { return h.lost + h.late }

// hurt reports whether people have to look at a fault: a viewer lost the picture, or
// the fault is not what it was to be.
func hurt(f *reports.FaultSummary) bool {
	h := harmOf(f)
	if f.Lost != "" {
		return false
	}
	return h.all() > 0 || f.NeverRecovered > 0 || f.Problem != "" || !f.AppliedAtS.Known() || !f.ClearedAtS.Known()
}

// worst is the fault with the most time without a picture; nil = no viewer lost it. Rows of
// several occurrences come after those of one: the worst ones have their own.
func worst(s *reports.Summary) (most *reports.FaultSummary) {
	last := 0.0
	for i := range s.Faults {
		f := &s.Faults[i]
		h := harmOf(f)
		if h.all() == 0 || most != nil && most.Pooled == 0 && f.Pooled > 0 {
			continue
		}
		if most == nil || h.total > last || most.Pooled > 0 && f.Pooled == 0 {
			most, last = f, h.total
		}
	}
	return most
}

// outcome is the run in a sentence or two that need no knowledge of players. A void
// run has none: its figures prove nothing.
func outcome(s *reports.Summary) string {
	if s.Verdict == reports.Void {
		return ""
	}
	for _, e := range s.Failed() {
		if e.Expr == reports.ViewersServed && e.ByLost {
			return fmt.Sprintf("Nothing is known of %s, who were lost with their agents. ", figure.Plural(int(s.Players.Lost), "viewer")) + ofFaults(s)
		}
		if e.Expr == reports.ViewersServed {
			return "Viewers were not served outside of faults: " + e.Reason + ". " + ofFaults(s)
		}
	}
	return ofFaults(s)
}

// ofFaults says what the faults of a run did to its viewers.
func ofFaults(s *reports.Summary) string {
	f := worst(s)
	all, hurt, lost := 0, 0, 0
	for i := range s.Faults {
		of := &s.Faults[i]
		switch h := harmOf(of); {
		case of.Lost != "":
			lost += of.Occurrences()
			continue
		case of.Pooled > 0:
			hurt += of.PooledHurt
		case h.all() > 0:
			hurt++
		}
		all += of.Occurrences()
	}
	uncounted := ""
	if lost > 0 {
		uncounted = fmt.Sprintf(" %s not count: the machine was lost meanwhile.", map[bool]string{true: "1 more does", false: fmt.Sprintf("%d more do", lost)}[lost == 1])
	}
	switch {
	case len(s.Faults) == 0:
		return served(s)
	case f == nil && len(s.Faults) == 1 && all == 1:
		return unhurt(&s.Faults[0])
	case f == nil:
		return fmt.Sprintf("In %s no viewer lost the picture.", figure.Plural(all, "fault")) + uncounted
	case len(s.Faults) == 1 && all == 1:
		return loss(s, f)
	}
	return fmt.Sprintf("Viewers lost the picture in %d of %d faults. The worst was %s: %s", hurt, all, f.Title(s), loss(s, f)) + uncounted
}

// served is a run without faults.
func served(s *reports.Summary) string {
	p := &s.Players
	var bad []string
	for _, x := range []struct {
		n    int64
		what string
	}{{p.Stalled, "stalled"}, {p.StartupFailed, "never got a picture"}, {p.Fatal, "lost it for good"}} {
		if x.n > 0 {
			bad = append(bad, figure.Thousands(x.n)+" "+x.what)
		}
	}
	if bad == nil {
		return fmt.Sprintf("No fault was made, and none of %s stalled or was lost.", viewers(p.Started))
	}
	return fmt.Sprintf("No fault was made, but of %s %s.", viewers(p.Started), strings.Join(bad, ", "))
}

func viewers(n int64) string { return figure.Plural(int(n), "viewer") }

// theViewers are those of a fault's onset.
func theViewers(f *reports.FaultSummary) string {
	when := "when"
	if f.Pooled > 0 {
		when = fmt.Sprintf("the %d times", f.Pooled)
	}
	return fmt.Sprintf("the %s watching %s %s", viewers(f.WatchingAtOnset), when, happened(f))
}

// unhurt describes a fault that cost no viewer the picture.
func unhurt(f *reports.FaultSummary) string {
	switch {
	case !f.AppliedAtS.Known():
		return "The fault was never made."
	case f.Affected == 0:
		return fmt.Sprintf("None of %s met the fault.", theViewers(f))
	}
	s := fmt.Sprintf("None of %s lost the picture", theViewers(f))
	if m := f.OutageMs.Max; m > 0 {
		s += " for longer than " + reports.Milliseconds.Format(m)
	}
	return s + ways(f) + "."
}

// ways says how the sessions of a fault got on, as the end of a sentence.
func ways(f *reports.FaultSummary) string {
	d := &f.Headline().FailoverMs
	var parts []string
	if f.FailedOver > 0 {
		moved := figure.Thousands(f.FailedOver)
		if f.FailedOver == f.Affected {
			moved = "all " + moved
		}
		moved += " switched to a healthy source"
		if d.Censored == 0 && d.Max.Known() {
			moved += " within " + reports.Milliseconds.Format(d.Max)
		}
		parts = append(parts, moved)
	}
	if f.Healed > 0 {
		parts = append(parts, figure.Thousands(f.Healed)+" stayed until it was over")
	}
	if f.NeverRecovered > 0 {
		parts = append(parts, unrecovered(f))
	}
	if parts == nil {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// unrecovered are the sessions that had no media again when the run ended.
func unrecovered(f *reports.FaultSummary) string {
	gaveUp := figure.Plural(int(f.Fatal), "player") + " gave up"
	switch rest := f.NeverRecovered - f.Fatal; {
	case rest <= 0:
		return gaveUp
	case f.Fatal > 0:
		return gaveUp + ", " + figure.Thousands(rest) + " had not recovered at the end"
	default:
		return figure.Thousands(rest) + " had not recovered at the end"
	}
}

// loss is a fault in which viewers lost the picture.
func loss(s *reports.Summary, f *reports.FaultSummary) string {
	h := harmOf(f)
	var b strings.Builder
	if h.lost > 0 {
		fmt.Fprintf(&b, "%s of %s lost the picture for %s", figure.Thousands(h.lost), theViewers(f), upTo(&h))
		if h.late > 0 {
			fmt.Fprintf(&b, ", and %s that joined later", figure.Thousands(h.late))
		}
	} else {
		fmt.Fprintf(&b, "%s that joined after %s had no picture for %s", viewers(h.late), happened(f), upTo(&h))
	}
	if names := playersOf(s, h.parts); len(names) == 1 {
		b.WriteString("; all of them use " + names[0])
	}
	if f.NeverRecovered > 0 {
		b.WriteString("; " + unrecovered(f))
	} else {
		b.WriteString("; all got it back")
	}
	return b.String() + "."
}

// upTo is the longest loss, which is a lower bound when the end cut it off.
func upTo(h *harm) string {
	words := "up to " + reports.Milliseconds.Format(h.longest)
	if h.cut {
		words += " and longer"
	}
	return words
}

// playersOf names players: as their makers do, or by profile where two profiles are of
// one player.
func playersOf(s *reports.Summary, parts []part) (names []string) {
	for _, p := range parts {
		names = append(names, playerOf(s, p.profile))
	}
	return names
}

func playerOf(s *reports.Summary, profile string) string {
	player := s.Profiles[profile].Player
	for name, other := range s.Profiles {
		if name != profile && other.Player == player {
			return profile
		}
	}
	return cmp.Or(player, profile)
}

// byPlayer says who lost the picture and for how long, by player.
func byPlayer(s *reports.Summary, h *harm) string {
	var parts []string
	for _, p := range h.parts {
		parts = append(parts, fmt.Sprintf("%s: %s of %s, up to %s", playerOf(s, p.profile), figure.Thousands(p.lost), figure.Thousands(p.affected), reports.Milliseconds.Format(p.longest)))
	}
	return strings.Join(parts, " · ")
}

// dark says how long who was without a picture.
func dark(s *reports.Summary, f *reports.FaultSummary) string {
	h := harmOf(f)
	if h.all() == 0 {
		if m := f.OutageMs.Max; m > 0 {
			return "no viewer for 1 s or longer (" + reports.Milliseconds.Format(m) + " at most)"
		}
		return fmt.Sprintf("none of the %s watching at onset", viewers(h.watching))
	}
	words := figure.WithShare(h.lost, h.watching) + " of those watching at onset"
	if h.late > 0 {
		words += ", " + figure.Thousands(h.late) + " that joined later"
	}
	return words + ", " + upTo(&h) + " (" + byPlayer(s, &h) + ")"
}

// over says whether a fault's harm went on when the run ended.
func over(s *reports.Summary, f *reports.FaultSummary) string {
	h := harmOf(f)
	switch {
	case !f.AppliedAtS.Known():
		return "never made"
	case !f.ClearedAtS.Known():
		return "still going on: the fault was never undone" + map[bool]string{true: "; " + unrecovered(f)}[f.NeverRecovered > 0]
	case f.NeverRecovered > f.Fatal:
		return "not over: " + unrecovered(f)
	case f.Fatal > 0:
		return "over, but " + unrecovered(f)
	case h.all() == 0:
		return "over since " + moment(s, seconds(f.ClearedAtS))
	}
	at, ok := back(s, f)
	if !ok {
		return "over: all got the picture back"
	}
	return "over: all had the picture back by " + moment(s, at)
}

// back is when the last session that stalled in a fault played again, as far as the
// timeline shows it.
func back(s *reports.Summary, f *reports.FaultSummary) (at time.Duration, ok bool) {
	until := s.DurationS
	for i := range s.Faults {
		if next := s.Faults[i].AppliedAtS; next > f.AppliedAtS && next < until {
			until = next
		}
	}
	stalled := false
	for i := range s.Timeline {
		r := &s.Timeline[i]
		end := reports.Value(r.T + s.TimelineStepS)
		switch {
		case end <= f.AppliedAtS:
			ok = r.Stalled == 0
		case !ok || end > until: // others stalled already, or the next fault is on
			return at, ok && !stalled && at > 0
		case r.Stalled > 0:
			stalled = true
		case stalled:
			stalled, at = false, time.Duration(float64(end)*float64(time.Second))
		}
	}
	return at, ok && !stalled && at > 0
}

// stream says what was watched.
func stream(s *reports.Summary) string {
	switch s.Target {
	case "":
		return "not known"
	case reports.Rig:
		return "rig (the embedded channel)"
	}
	return s.Target
}

// audienceOf says who watched.
func audienceOf(s *reports.Summary) string {
	var parts []string
	for _, name := range cohortNames(s) {
		c := s.Cohorts[name]
		switch {
		case name == "all":
		case c.Control:
			parts = append(parts, fmt.Sprintf("%s %s without faults", figure.Thousands(c.Players), name))
		default:
			parts = append(parts, fmt.Sprintf("%s %s (%s)", figure.Thousands(c.Players), name, playerOf(s, c.Profile)))
		}
	}
	const most = 8
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], fmt.Sprintf("and %d more cohorts", more))
	}
	words := figure.Plural(int(s.Players.Started), "session")
	if len(parts) > 0 {
		words += ": " + strings.Join(parts, ", ")
	}
	return words
}

// fact is a line of the head.
type fact struct {
	name  string
	text  string
	lines []string // a list instead of text
	code  bool
	half  bool // of a line, where the page is wide
}

// unbegun reports whether a run was void before it began: it has nothing but a head.
func unbegun(s *reports.Summary) bool {
	return s.Verdict == reports.Void && s.DurationS.OrZero() == 0 && s.Players.Started == 0
}

// facts are the lines of the head.
func facts(s *reports.Summary) []fact {
	all := []fact{{name: "Stream", text: stream(s)}, {name: "When", text: when(s), half: true}, {name: "Build", text: cmp.Or(s.Build, "not known"), half: true}}
	if s.Release != "" {
		all = append(all, fact{name: "Release", text: s.Release})
	}
	scenario := s.Scenario.Name
	if s.Scenario.Description != "" {
		scenario += ": " + strings.Join(strings.Fields(s.Scenario.Description), " ")
	}
	all = append(all, fact{name: "Scenario", text: scenario})
	if r := s.Repeats; r != nil {
		all = append(all, fact{name: "Repeats", text: fmt.Sprintf("a void run (exit code %d: %s), whose files are in %s", r.ExitCode, r.Reason, r.Dir)})
	}
	if s.Players.Started > 0 {
		all = append(all, fact{name: "Who", text: audienceOf(s)})
	}
	if f := mainFault(s); f != nil && s.Verdict != reports.Void {
		all = append(all, faultFacts(s, f)...)
	}
	if s.Verdict == reports.Void && len(s.WhatHelps) > 0 {
		all = append(all, fact{name: "What helps", lines: s.WhatHelps})
	}
	return append(all, fact{name: "Run again", text: s.Command(), code: true})
}

// mainFault is the fault that the head is about: the worst, or the only one; nil = none.
func mainFault(s *reports.Summary) *reports.FaultSummary {
	if f := worst(s); f != nil || len(s.Faults) != 1 {
		return f
	}
	return &s.Faults[0]
}

// faultFacts are what people ask about a fault.
func faultFacts(s *reports.Summary, f *reports.FaultSummary) []fact {
	all := []fact{{name: "No picture", text: dark(s, f)}, {name: "Now", text: over(s, f)}}
	if f.Why != "" {
		all = append(all, fact{name: "Why", text: f.Why})
	}
	if len(f.WhatHelps) > 0 {
		all = append(all, fact{name: "What helps", lines: f.WhatHelps})
	}
	return all
}

// advice is what helps without where that is known from, which the full reports have.
func advice(line string) string {
	what, rest, sourced := strings.Cut(line, ". Source: ")
	if _, try, ok := strings.Cut(rest, ". Try: "); sourced && ok {
		what += " (try " + try + ")"
	}
	return what
}

// brief is a fault in a few words.
func brief(f *reports.FaultSummary) string {
	h := harmOf(f)
	switch {
	case f.Problem != "":
		return "void"
	case f.Lost != "":
		return f.Lost
	case !f.AppliedAtS.Known():
		return "never made"
	case h.all() > 0:
		words := viewers(h.all()) + " lost the picture for " + upTo(&h)
		if f.NeverRecovered > 0 {
			words += "; " + unrecovered(f)
		}
		return words
	case f.NeverRecovered > 0:
		return unrecovered(f)
	case !f.ClearedAtS.Known():
		return "never undone"
	case f.Affected == 0:
		return "no viewer met it"
	}
	return "no viewer noticed" + ways(f)
}
