package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/figure"
)

// faultLine describes a fault in a line.
func faultLine(f *reports.FaultSummary) string {
	s := faultKind(f) + ", " + window(f)
	if f.Pooled > 0 {
		s = fmt.Sprintf("%s, %d occurrences added up, %s", faultKind(f), f.Pooled, window(f))
		if f.AppliedAtS.Known() && !f.UndoVerified {
			s += ", undo of some not verified"
		}
		return s
	}
	if f.Lost != "" {
		return s
	}
	if !f.AppliedAtS.Known() || !f.ClearedAtS.Known() {
		return s
	}
	if f.ClearedAtS != f.AppliedAtS {
		s += " (for " + figure.Seconds(1000*float64(f.ClearedAtS-f.AppliedAtS)) + ")"
	}
	if !f.UndoVerified {
		s += ", undo not verified"
	}
	return s
}

func faultKind(f *reports.FaultSummary) string {
	s := f.Fault
	if f.Pipeline != nil {
		s += fmt.Sprintf(" of pipeline %d", *f.Pipeline)
	}
	if f.Via != "" {
		s += " via " + f.Via
	}
	return s
}

// window is when a fault was on.
func window(f *reports.FaultSummary) string {
	switch {
	case f.Lost != "":
		return f.Lost
	case !f.AppliedAtS.Known():
		return "never applied"
	case !f.ClearedAtS.Known():
		return "from " + instant(f.AppliedAtS) + ", never undone"
	case f.ClearedAtS == f.AppliedAtS:
		return "at " + instant(f.AppliedAtS)
	}
	return instant(f.AppliedAtS) + " to " + instant(f.ClearedAtS)
}

// instant writes seconds since the first arrival, to a tenth.
func instant(v reports.Value) string {
	return figure.Clock(time.Duration(float64(v) * float64(time.Second)).Round(100 * time.Millisecond))
}

// story says in sentences what a fault did.
func story(f *reports.FaultSummary) []string {
	if f.Lost != "" {
		return nil
	}
	if !f.AppliedAtS.Known() {
		return []string{"It was never applied."}
	}
	if f.Affected == 0 {
		lines := []string{"No session was affected."}
		if line := noticedLine(f); line != "" {
			lines = append(lines, line)
		}
		return append(lines, loadLines(f)...)
	}
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	at := "onset"
	if f.Pooled > 0 {
		at = fmt.Sprintf("the %d onsets", f.Pooled)
	}
	affected := fmt.Sprintf("%s of the %s watching at %s were affected", figure.WithShare(f.Affected-f.JoinedDuring, f.WatchingAtOnset), figure.Plural(int(f.WatchingAtOnset), "session"), at)
	if f.JoinedDuring > 0 {
		affected += fmt.Sprintf(", and %s that joined while it was on", figure.Thousands(f.JoinedDuring))
	}
	say("%s.", affected)
	var ends []string
	end := func(n int64, what string) {
		if n > 0 {
			ends = append(ends, figure.WithShare(n, f.Stayed())+" "+what)
		}
	}
	end(f.FailedOver, "failed over")
	end(f.Healed, "healed in place")
	lost := "never recovered"
	if f.Fatal > 0 {
		lost += fmt.Sprintf(" (%s died)", figure.Thousands(f.Fatal))
	}
	end(f.NeverRecovered, lost)
	if f.Left > 0 {
		ends = append(ends, figure.Thousands(f.Left)+" left (in no share)")
	}
	say("%s.", strings.Join(ends, "; "))
	if line := speedLine(f); line != "" {
		say("%s.", line)
	}
	if d := &f.Headline().OutageMs; d.Count > 0 {
		if d.Max == 0 {
			say("No session lost playback%s.", ofWhich(f))
		} else {
			say("Without playback for %s (p50), %s (p95), %s (longest)%s.", reports.Milliseconds.Format(d.P50), reports.Milliseconds.Format(d.P95), atLeast(d), ofWhich(f))
		}
	}
	if line := noticedLine(f); line != "" {
		lines = append(lines, line)
	}
	if f.FlappedBack > 0 {
		say("%s went back to the faulty side while it was still faulty.", figure.WithShare(f.FlappedBack, f.Stayed()))
	}
	return append(lines, loadLines(f)...)
}

// loadLines say what CDN and origin had to carry, as far as it is known.
func loadLines(f *reports.FaultSummary) (lines []string) {
	if line := edgeLine(&f.Edge); line != "" {
		lines = append(lines, line)
	}
	if f.Origin.Amplification.Known() {
		lines = append(lines, fmt.Sprintf("The origin got %s at most, %s.", reports.PerSecond.Format(f.Origin.PeakRps), timesBefore(f.Origin.Amplification, f.Origin.BaselineRps)))
	}
	return lines
}

// timesBefore compares a peak with the one of the baseline.
func timesBefore(amplification, baseline reports.Value) string {
	times := figure.Trim(float64(amplification), 2)
	if times == "1" {
		return fmt.Sprintf("as much as the %s before", reports.PerSecond.Format(baseline))
	}
	return fmt.Sprintf("%s times the %s before", times, reports.PerSecond.Format(baseline))
}

// edgeLine says what the CDN had to carry; "" = it is not known.
func edgeLine(e *reports.FaultEdge) string {
	if !(e.PeakRps > 0) {
		return ""
	}
	line := fmt.Sprintf("The edge got %s at most, %s after onset", reports.PerSecond.Format(e.PeakRps), figure.Seconds(1000*float64(e.PeakAfterS)))
	if e.Amplification.Known() {
		line += ", " + timesBefore(e.Amplification, e.BaselineRps)
	}
	if e.FailedRps > 0 {
		line += fmt.Sprintf("; up to %s failed", reports.PerSecond.Format(e.FailedRps))
	}
	return line + "."
}

// speedLine says how fast the affected sessions failed over.
func speedLine(f *reports.FaultSummary) string {
	d := &f.Headline().FailoverMs
	moved := d.Count - d.Censored
	if moved <= 0 {
		return ""
	}
	never := figure.WithShare(d.Censored, d.Count) + " never did"
	line := fmt.Sprintf("Failover took %s (p50), %s (p95), %s (slowest)", reports.Milliseconds.Format(d.P50), reports.Milliseconds.Format(d.P95), reports.Milliseconds.Format(d.Max))
	switch {
	case d.Censored == 0:
	case !d.P50.Known():
		line = fmt.Sprintf("The fastest failed over in %s; %s", reports.Milliseconds.Format(d.Min), never)
	case !d.P95.Known():
		line = fmt.Sprintf("Half failed over within %s; %s", reports.Milliseconds.Format(d.P50), never)
	default:
		line = fmt.Sprintf("Half failed over within %s, 95 %% within %s; %s", reports.Milliseconds.Format(d.P50), reports.Milliseconds.Format(d.P95), never)
	}
	return line + ofWhich(f)
}

// ofWhich says which sessions a headline figure is of; "" = of all that were affected.
func ofWhich(f *reports.FaultSummary) string {
	switch f.JoinedDuring {
	case 0:
		return ""
	case f.Affected:
		return " (of those that joined while it was on)"
	}
	return " (of those watching at onset)"
}

// atLeast is the longest outage, which is a lower bound when some were cut off.
func atLeast(d *reports.Dist) string {
	if d.Censored > 0 {
		return "at least " + reports.Milliseconds.Format(d.Max)
	}
	return reports.Milliseconds.Format(d.Max)
}

// headline is the run in a line.
func headline(s *reports.Summary) string {
	name := s.Scenario.Name
	if name == "" {
		name = "unnamed scenario"
	}
	line := fmt.Sprintf("%s · %s · seed %d · %s · %s sessions", name, s.Mode, s.Seed, figure.Seconds(1000*float64(s.DurationS)), figure.Thousands(s.Players.Started))
	if s.Players.Rejoined > 0 {
		line += fmt.Sprintf(" (%s of them came back)", figure.Thousands(s.Players.Rejoined))
	}
	return line
}

// audience is how the sessions ended, in a line.
func audience(s *reports.Summary) string {
	p := &s.Players
	parts := []string{figure.Thousands(p.PlayingAtEnd) + " playing at the end"}
	add := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, figure.Thousands(n)+" "+what)
		}
	}
	add(p.Ended, "played to the end")
	add(p.Stalled, "stalled at least once")
	add(p.StartupFailed, "never got a picture")
	add(p.Fatal, "died of an error")
	add(p.Left, "left")
	add(p.Lost, "lost with their agents, and in no figure")
	add(p.Unfinished, "still joining (not counted)")
	return strings.Join(parts, " · ")
}

// answeredBy is the share of the answers that each layer gave.
func answeredBy(s *reports.Summary) string {
	total := int64(0)
	for _, n := range s.Origin.AnsweredBy {
		total += n
	}
	var parts []string
	for l := range cdn.Layers {
		if n := s.Origin.AnsweredBy[l.String()]; n > 0 {
			name := l.String()
			if l == cdn.LayerJoined {
				name = "coalesced" // with another viewer's request
			}
			parts = append(parts, name+" "+figure.Percent(float64(n)/float64(total)))
		}
	}
	if len(parts) < 2 {
		return ""
	}
	return "; answered by: " + strings.Join(parts, ", ")
}

// loadLine is the hit ratio and the source of the origin's load.
func loadLine(s *reports.Summary) string {
	switch s.Origin.Source {
	case reports.FromRig:
		line := "hit ratio " + reports.Fraction.Format(s.Origin.HitRatio) + "; origin load counted by the rig"
		if s.Origin.Estimated.Known() {
			line += " (" + figure.Thousands(int64(s.Origin.Estimated)) + " requests by the estimate from headers)" + answeredBy(s)
		}
		return line
	case reports.FromHeaders:
		line := "hit ratio " + reports.Fraction.Format(s.Origin.HitRatio) + "; origin load estimated from response headers" + answeredBy(s)
		if odd := notUnderstood(s); odd != "" {
			line += "; " + odd
		}
		return line
	case reports.FromCloudWatch:
		return "hit ratio " + reports.Fraction.Format(s.Origin.HitRatio) + " of all viewers, from CloudWatch"
	case reports.FromLogs:
		return "hit ratio " + reports.Fraction.Format(s.Origin.HitRatio) + "; origin load from access logs"
	}
	if odd := notUnderstood(s); odd != "" {
		return "origin load unknown: " + odd
	}
	return "origin load unknown: the answers carry no cache headers"
}

// testerLine is the tool's own lag and what it used of the machine.
func testerLine(s *reports.Summary) string {
	t := &s.Tester
	if s.Mode == reports.ModeSimulate {
		return "Simulated: the tester's own lag, CPU and memory play no part"
	}
	of := ""
	if n := len(s.Agents); n > 0 {
		of = figure.Plural(n, "agent") + ", "
	}
	return fmt.Sprintf("Tester: "+of+"lag %s (p99), %s samples dropped, %s of CPU, %s of memory", reports.Milliseconds.Format(t.LagMs.P99), figure.Thousands(t.DroppedSamples), reports.Milliseconds.Format(1000*t.CPUS), figure.Size(t.RSSPeakBytes)) + trendWords(s)
}

// trendWords say whether the tester stayed the same over a long run; "" of a short one.
func trendWords(s *reports.Summary) string {
	n := len(s.Tester.Trends)
	if n == 0 {
		return ""
	}
	names := []string{}
	for _, t := range s.Leaks() {
		names = append(names, t.What)
	}
	if len(names) > 0 {
		return "; LEAKS: " + strings.Join(names, ", ")
	}
	for i := range s.Tester.Trends {
		if t := &s.Tester.Trends[i]; !slices.Contains(names, t.What) {
			names = append(names, t.What)
		}
	}
	return "; flat over the run: " + strings.Join(names, ", ")
}

// noticeWords writes a notice for people.
func noticeWords(n *reports.Notice) string {
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
		return fmt.Sprintf("%s: +%s (p50 of detection)", name, figure.Seconds(1000*float64(n.After)))
	case n.Seen >= n.After+1:
		return fmt.Sprintf("%s: +%s (seen +%s)", name, figure.Seconds(1000*float64(n.After)), figure.Seconds(1000*float64(n.Seen)))
	}
	return fmt.Sprintf("%s: +%s", name, figure.Seconds(1000*float64(n.After)))
}

// noticedLine is what noticed a fault and when; "" when no monitoring was watched.
func noticedLine(f *reports.FaultSummary) string {
	if len(f.Noticed) == 0 {
		return ""
	}
	var parts []string
	var never []string
	for i := range f.Noticed {
		if n := &f.Noticed[i]; n.Who == "metric" && !n.After.Known() && n.Note == "" {
			never = append(never, n.Name)
		} else {
			parts = append(parts, noticeWords(n))
		}
	}
	if !slices.ContainsFunc(f.Noticed, func(n reports.Notice) bool { return n.Who == "alert" }) {
		parts = append(parts, "alerts: never")
	}
	if len(never) > 0 {
		parts = append(parts, strings.Join(never, ", ")+": never")
	}
	return "Noticed after: " + strings.Join(parts, " · ") + "."
}

// notUnderstood names the headers that are not understood in a line; "" = none.
func notUnderstood(s *reports.Summary) string {
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
		case h.Values >= reports.MaxOddValues:
			seen = fmt.Sprintf("%d values and more seen", reports.MaxOddValues)
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

// logLine summarises the access logs in a sentence.
func logLine(g *reports.LogSummary) string {
	line := fmt.Sprintf("%s requests of this run", figure.Thousands(g.Ours))
	if g.Coverage.Known() {
		line += fmt.Sprintf(" (%s of those that the players count", figure.Percent(float64(g.Coverage)))
		if g.Coverage > 1 {
			line += ": a redirect, and a request sent again on a new connection, are further requests for the CDN"
		}
		line += ")"
	}
	switch {
	case g.OursBySID > 0 && g.OursByUserAgent > 0:
		line += fmt.Sprintf(", %s known by the session id of CMCD and %s by the User-Agent", figure.Thousands(g.OursBySID), figure.Thousands(g.OursByUserAgent))
	case g.OursBySID > 0:
		line += fmt.Sprintf(", known by the session id of CMCD (%s)", figure.Plural(int(g.Viewers), "viewer"))
	case g.OursByUserAgent > 0:
		line += ", known by the User-Agent"
	}
	line += fmt.Sprintf("; %s of others", figure.Thousands(g.Others))
	if g.ClockSkewS.Known() {
		switch s := float64(g.ClockSkewS); {
		case s == 0:
			line += "; the clocks agree"
		case s > 0:
			line += "; the log's clock is " + figure.Seconds(1000*s) + " ahead"
		default:
			line += "; the log's clock is " + figure.Seconds(-1000*s) + " behind"
		}
	}
	if g.FirstByteMs.Count > 0 {
		line += fmt.Sprintf("; first byte at the edge %s (p50), %s (p95)", reports.Milliseconds.Format(g.FirstByteMs.P50), reports.Milliseconds.Format(g.FirstByteMs.P95))
	}
	if g.OriginFirstMs.Count > 0 {
		line += fmt.Sprintf(", at the origin %s (p50)", reports.Milliseconds.Format(g.OriginFirstMs.P50))
	}
	return line
}
