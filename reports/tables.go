package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hlsload/reports/cdn"
)

// The tables that all reports for people share.

func (s *Summary) expectationTable() *table {
	t := &table{caption: "Expectations", head: []string{"expectation", "result", "measured"}, words: map[int]bool{1: true, 2: true}}
	for i := range s.Expectations {
		e := &s.Expectations[i]
		t.add(e.Expr, map[bool]string{true: "holds", false: "FAILS"}[e.Pass], strings.TrimPrefix(e.Reason, "measured "))
	}
	return t
}

// cohortNames are the cohorts with all of them first.
func (s *Summary) cohortNames() []string {
	names := slices.Sorted(maps.Keys(s.Cohorts))
	if i := slices.Index(names, "all"); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, "all")
	}
	return names
}

func (s *Summary) cohortTable() *table {
	t := &table{caption: "Cohorts", head: []string{"cohort", "profile", "players", "start p50", "p95", "not started", "stalled", "rebuffer", "latency", "bitrate", "died", "confidence"}, words: map[int]bool{1: true, 11: true}}
	for _, name := range s.cohortNames() {
		c := s.Cohorts[name]
		if c.Control && name != "control" {
			name += " (control)"
		}
		t.add(name, c.Profile, thousands(c.Players), duration.format(c.StartupMs.P50), duration.format(c.StartupMs.P95), thousands(c.StartupFailed),
			withShare(c.Stalled, c.Players), fraction.format(c.RebufferRatio), duration.format(c.LiveLatencyMs.P50), bitrate.format(c.BitrateBps), thousands(c.Fatal), s.Profiles[c.Profile].Confidence)
	}
	return t
}

// shareTable shows what a fault did to the parts of the audience.
func shareTable(caption, what string, parts map[string]*FaultShare) *table {
	t := &table{caption: caption, head: []string{what, "affected", "failed over", "healed", "left", "never", "died", "failover p50", "p95", "max", "outage p50", "p95"}}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		p := parts[name]
		t.add(name, thousands(p.Affected), thousands(p.FailedOver), thousands(p.Healed), thousands(p.Left), thousands(p.NeverRecovered), thousands(p.Fatal),
			duration.format(p.FailoverMs.P50), duration.format(p.FailoverMs.P95), duration.format(p.FailoverMs.Max),
			duration.format(p.OutageMs.P50), duration.format(p.OutageMs.P95))
	}
	return t
}

// profileShares is shareTable by profile, with how well founded each one is: no
// figure of a model stands without that.
func (s *Summary) profileShares(caption string, f *FaultSummary) *table {
	return withConfidence(shareTable(caption, "profile", f.ByProfile), func(name string) string { return s.Profiles[name].Confidence })
}

// cohortShares is the same by cohort.
func (s *Summary) cohortShares(caption string, f *FaultSummary) *table {
	return withConfidence(shareTable(caption, "cohort", f.ByCohort), func(name string) string {
		if c := s.Cohorts[name]; c != nil {
			return s.Profiles[c.Profile].Confidence
		}
		return ""
	})
}

func withConfidence(t *table, of func(name string) string) *table {
	t.words = map[int]bool{len(t.head): true}
	t.head = append(t.head, "confidence")
	for i, row := range t.rows {
		t.rows[i] = append(row, of(row[0]))
	}
	return t
}

// chainTable shows a fault's chain of events over all affected sessions.
func (f *FaultSummary) chainTable() *table {
	t := &table{caption: "How fast", head: []string{"after onset", "sessions", "never", "p50", "p90", "p95", "p99", "max"}}
	row := func(name string, d *Dist, never string) {
		t.add(name, thousands(d.Count), never, duration.format(d.P50), duration.format(d.P90), duration.format(d.P95), duration.format(d.P99), duration.format(d.Max))
	}
	row("detected", &f.DetectionMs, thousands(f.DetectionMs.Censored))
	row("failed over", &f.FailoverMs, thousands(f.FailoverMs.Censored))
	row("outage (seconds without playback)", &f.OutageMs, "")
	row("content skipped", &f.ContentSkippedMs, "")
	row("content repeated", &f.ContentRepeatedMs, "")
	return t
}

func (s *Summary) requestTable() *table {
	t := &table{caption: "Requests of the players", head: []string{"kind", "requests", "errors", "bytes", "first byte p50", "p95", "p99", "complete p50", "p95", "p99"}}
	for _, kind := range kindNames {
		if r := s.Requests[kind]; r != nil && r.Count > 0 {
			t.add(kind, thousands(r.Count), withShare(r.Errors, r.Count), size(r.Bytes), duration.format(r.TTFBMs.P50), duration.format(r.TTFBMs.P95), duration.format(r.TTFBMs.P99),
				duration.format(r.TotalMs.P50), duration.format(r.TotalMs.P95), duration.format(r.TotalMs.P99))
		}
	}
	return t
}

func (s *Summary) loadTable() *table {
	t := &table{caption: "Load", head: []string{"where", "requests", "bytes", "mean", "highest second", "mean", "highest second"}}
	t.add("edge", thousands(s.Edge.Requests), size(s.Edge.Bytes), perSecond.format(s.Edge.Rps.Mean), perSecond.format(s.Edge.Rps.Max), bitrate.format(s.Edge.Bps.Mean), bitrate.format(s.Edge.Bps.Max))
	if s.Origin.Source != fromNowhere {
		t.add("origin", thousands(s.Origin.Requests), size(s.Origin.Bytes), perSecond.format(s.Origin.Rps.Mean), perSecond.format(s.Origin.Rps.Max), bitrate.format(s.Origin.Bps.Mean), bitrate.format(s.Origin.Bps.Max))
	}
	return t
}

func (s *Summary) testerTable() *table {
	t := &table{caption: "Tester", head: []string{"lag p50", "lag p99", "lag max", "samples dropped", "CPU", "memory", "goroutines"}}
	d := &s.Tester
	t.add(duration.format(d.LagMs.P50), duration.format(d.LagMs.P99), duration.format(d.LagMs.Max), thousands(d.DroppedSamples),
		duration.format(1000*d.CPUS), size(d.RSSPeakBytes), thousands(d.GoroutinesPeak))
	return t
}

func size(bytes int64) string {
	f := float64(bytes)
	switch {
	case f >= 1e12:
		return trim(f/1e12, 2) + " TB"
	case f >= 1e9:
		return trim(f/1e9, 2) + " GB"
	case f >= 1e6:
		return trim(f/1e6, 1) + " MB"
	case f >= 1e3:
		return trim(f/1e3, 1) + " kB"
	}
	return trim(f, 0) + " B"
}

// what says what a fault is, in a line.
func (f *FaultSummary) what() string {
	s := f.Fault
	if f.Pipeline != nil {
		s += fmt.Sprintf(" of pipeline %d", *f.Pipeline)
	}
	if f.Via != "" {
		s += " via " + f.Via
	}
	switch {
	case !f.AppliedAtS.Known():
		return s + ", never applied"
	case !f.ClearedAtS.Known():
		return s + fmt.Sprintf(", from %s s, never undone", trim(float64(f.AppliedAtS), 1))
	case f.ClearedAtS == f.AppliedAtS:
		s += fmt.Sprintf(", at %s s", trim(float64(f.AppliedAtS), 1))
	default:
		s += fmt.Sprintf(", %s s to %s s (for %s)", trim(float64(f.AppliedAtS), 1), trim(float64(f.ClearedAtS), 1), seconds(1000*float64(f.ClearedAtS-f.AppliedAtS)))
	}
	if !f.UndoVerified {
		s += ", undo not verified"
	}
	return s
}

// story is what a fault did, in sentences.
func (f *FaultSummary) story(players int64) []string {
	if !f.AppliedAtS.Known() {
		return []string{"It was never applied."}
	}
	if f.Affected == 0 {
		lines := []string{"Nobody was affected."}
		if line := f.noticedLine(); line != "" {
			lines = append(lines, line)
		}
		return lines
	}
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	who := fmt.Sprintf("%s of %s sessions were affected", withShare(f.Affected, players), thousands(players))
	if f.JoinedDuring > 0 {
		who += fmt.Sprintf(", %s of them joined while it was on", thousands(f.JoinedDuring))
	}
	say("%s.", who)
	var ends []string
	end := func(n int64, what string) {
		if n > 0 {
			ends = append(ends, withShare(n, f.Affected)+" "+what)
		}
	}
	end(f.FailedOver, "failed over")
	end(f.Healed, "healed in place")
	end(f.Left, "left")
	lost := "never recovered"
	if f.Fatal > 0 {
		lost += fmt.Sprintf(" (%s died)", thousands(f.Fatal))
	}
	end(f.NeverRecovered, lost)
	say("%s.", strings.Join(ends, "; "))
	if line := f.speed(); line != "" {
		say("%s.", line)
	}
	if f.OutageMs.Count > 0 {
		if f.OutageMs.Max == 0 {
			say("Nobody was without playback because of it.")
		} else {
			say("Without playback for %s (p50), %s (p95), %s (longest).", duration.format(f.OutageMs.P50), duration.format(f.OutageMs.P95), atLeast(&f.OutageMs))
		}
	}
	if line := f.noticedLine(); line != "" {
		lines = append(lines, line)
	}
	if f.FlappedBack > 0 {
		say("%s went back to the faulty side while it was still faulty.", withShare(f.FlappedBack, f.Affected))
	}
	if f.Origin.Amplification.Known() {
		say("The origin got %s at most, %s times the %s before.", perSecond.format(f.Origin.PeakRps), trim(float64(f.Origin.Amplification), 2), perSecond.format(f.Origin.BaselineRps))
	}
	return lines
}

// speed is how fast the affected sessions moved.
func (f *FaultSummary) speed() string {
	d := &f.FailoverMs
	moved := d.Count - d.Censored
	if moved <= 0 {
		return ""
	}
	line := fmt.Sprintf("Failover took %s (p50), %s (p95), %s (slowest)", duration.format(d.P50), duration.format(d.P95), duration.format(d.Max))
	switch {
	case !d.P50.Known():
		line = fmt.Sprintf("Most did not move: %s of %s did, the fastest in %s", thousands(moved), thousands(d.Count), duration.format(d.Min))
	case d.Censored > 0:
		line += fmt.Sprintf("; %s did not move", plural(int(d.Censored), "session"))
	}
	if f.JoinedDuring > 0 {
		line += ", counted from onset for those who joined later as well"
	}
	return line
}

// atLeast is the longest outage, which is a lower bound when some were cut off.
func atLeast(d *Dist) string {
	if d.Censored > 0 {
		return "at least " + duration.format(d.Max)
	}
	return duration.format(d.Max)
}

// headline is the run in a line.
func (s *Summary) headline() string {
	name := s.Scenario.Name
	if name == "" {
		name = "unnamed scenario"
	}
	line := fmt.Sprintf("%s · %s · seed %d · %s · %s sessions", name, s.Mode, s.Seed, seconds(1000*float64(s.DurationS)), thousands(s.Players.Started))
	if s.Players.Rejoined > 0 {
		line += fmt.Sprintf(" (%s of them came back)", thousands(s.Players.Rejoined))
	}
	return line
}

// audience is how the sessions ended, in a line.
func (s *Summary) audience() string {
	p := &s.Players
	parts := []string{thousands(p.PlayingAtEnd) + " playing at the end"}
	add := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, thousands(n)+" "+what)
		}
	}
	add(p.Ended, "played to the end")
	add(p.Stalled, "stalled at least once")
	add(p.StartupFailed, "never got a picture")
	add(p.Fatal, "died of an error")
	add(p.Left, "left")
	add(p.Unfinished, "still joining (not counted)")
	return strings.Join(parts, " · ")
}

// answeredBy is who answered, in a few words.
func (s *Summary) answeredBy() string {
	total := int64(0)
	for _, n := range s.Origin.AnsweredBy {
		total += n
	}
	var parts []string
	for l := range cdn.Layers {
		if n := s.Origin.AnsweredBy[l.String()]; n > 0 {
			parts = append(parts, l.String()+" "+percent(float64(n)/float64(total)))
		}
	}
	if len(parts) < 2 {
		return ""
	}
	return " (answered by " + strings.Join(parts, ", ") + ")"
}

// loadLine is hit ratio and where the origin's load is known from.
func (s *Summary) loadLine() string {
	switch s.Origin.Source {
	case fromRig:
		line := "hit ratio " + fraction.format(s.Origin.HitRatio) + "; origin load as counted by the rig"
		if s.Origin.Estimated.Known() {
			line += ", " + thousands(int64(s.Origin.Estimated)) + " requests as estimated from headers" + s.answeredBy()
		}
		return line
	case fromHeaders:
		line := "hit ratio " + fraction.format(s.Origin.HitRatio) + "; origin load estimated from response headers" + s.answeredBy()
		if odd := s.notUnderstood(); odd != "" {
			line += "; " + odd
		}
		return line
	case fromCloudWatch:
		return "hit ratio " + fraction.format(s.Origin.HitRatio) + " of all viewers, as CloudWatch has it"
	case fromLogs:
		return "hit ratio " + fraction.format(s.Origin.HitRatio) + "; origin load as access logs have it"
	}
	if odd := s.notUnderstood(); odd != "" {
		return "origin load unknown: " + odd
	}
	return "origin load unknown: the answers carry no cache headers"
}
