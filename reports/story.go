package reports

import (
	"fmt"
	"slices"
	"strings"

	"hlsload/reports/cdn"
)

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

// testerLine is what the tool itself needed.
func (s *Summary) testerLine() string {
	t := &s.Tester
	if s.Mode == ModeSimulate {
		return "Simulated: the tester's own lag, CPU and memory play no part"
	}
	return fmt.Sprintf("Tester: lag %s (p99), %s samples dropped, %s of CPU, %s of memory", duration.format(t.LagMs.P99), thousands(t.DroppedSamples), duration.format(1000*t.CPUS), size(t.RSSPeakBytes))
}

// words are a notice for people.
func (n *Notice) words() string {
	name := n.Name
	switch n.Who {
	case "players":
		name = "players"
	case "alert", "alarm":
		name = n.Who + " " + n.Name
	}
	switch {
	case !n.After.Known() && n.Note != "" && n.Who != "alert":
		return name + ": never (" + n.Note + ")"
	case !n.After.Known():
		return name + ": never"
	case n.Who == "players":
		return fmt.Sprintf("%s: +%s (p50 of detection)", name, seconds(1000*float64(n.After)))
	case n.Seen >= n.After+1:
		return fmt.Sprintf("%s: +%s (seen +%s)", name, seconds(1000*float64(n.After)), seconds(1000*float64(n.Seen)))
	}
	return fmt.Sprintf("%s: +%s", name, seconds(1000*float64(n.After)))
}

// noticedLine is who noticed a fault when, "" when nobody else looked.
func (f *FaultSummary) noticedLine() string {
	if len(f.Noticed) == 0 {
		return ""
	}
	var parts []string
	var never []string
	for i := range f.Noticed {
		if n := &f.Noticed[i]; n.Who == "metric" && !n.After.Known() && n.Note == "" {
			never = append(never, n.Name)
		} else {
			parts = append(parts, n.words())
		}
	}
	if !slices.ContainsFunc(f.Noticed, func(n Notice) bool { return n.Who == "alert" }) {
		parts = append(parts, "alerts: never")
	}
	if len(never) > 0 {
		parts = append(parts, strings.Join(never, ", ")+": never")
	}
	return "Noticed after: " + strings.Join(parts, " · ") + "."
}

// notUnderstood names them in a line; "" if there are none.
func (s *Summary) notUnderstood() string {
	var parts []string
	for i, h := range s.Origin.NotUnderstood {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("and %d more", len(s.Origin.NotUnderstood)-i))
			break
		}
		seen := fmt.Sprintf("%d values seen", h.Values)
		switch {
		case h.Values == 1:
			seen = "1 value seen"
		case h.Values >= maxOddValues:
			seen = fmt.Sprintf("%d values and more seen", maxOddValues)
		}
		if len(h.Words) > 0 {
			seen += ", among them " + strings.Join(h.Words, ", ")
		}
		parts = append(parts, h.Header+" ("+seen+")")
	}
	if parts == nil {
		return ""
	}
	return "cache headers that are not understood: " + strings.Join(parts, ", ")
}

// logLine is the join in a sentence.
func (g *LogSummary) logLine() string {
	line := fmt.Sprintf("%s requests of this run", thousands(g.Ours))
	if g.Coverage.Known() {
		line += fmt.Sprintf(" (%s of those sent)", percent(float64(g.Coverage)))
	}
	switch {
	case g.OursBySID > 0 && g.OursByUserAgent > 0:
		line += fmt.Sprintf(", %s known by the session id of CMCD and %s by the User-Agent", thousands(g.OursBySID), thousands(g.OursByUserAgent))
	case g.OursBySID > 0:
		line += fmt.Sprintf(", known by the session id of CMCD (%s)", plural(int(g.Viewers), "viewer"))
	case g.OursByUserAgent > 0:
		line += ", known by the User-Agent"
	}
	line += fmt.Sprintf("; %s of others", thousands(g.Others))
	if g.ClockSkewS.Known() {
		switch s := float64(g.ClockSkewS); {
		case s == 0:
			line += "; the clocks agree"
		case s > 0:
			line += "; the log's clock is " + seconds(1000*s) + " ahead"
		default:
			line += "; the log's clock is " + seconds(-1000*s) + " behind"
		}
	}
	if g.FirstByteMs.Count > 0 {
		line += fmt.Sprintf("; first byte at the edge %s (p50), %s (p95)", duration.format(g.FirstByteMs.P50), duration.format(g.FirstByteMs.P95))
	}
	if g.OriginFirstMs.Count > 0 {
		line += fmt.Sprintf(", at the origin %s (p50)", duration.format(g.OriginFirstMs.P50))
	}
	return line
}
