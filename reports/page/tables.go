package page

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// The tables that all reports for people share.

// notMeasured is the result of what had nothing to compare.
const notMeasured = "not measured"

func expectationTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Expectations", Head: []string{"expectation", "result", "measured"}, Words: map[int]bool{1: true, 2: true}}
	for i := range s.Expectations {
		e := &s.Expectations[i]
		result := map[bool]string{true: "holds", false: "FAILS"}[e.Pass]
		if e.NotMeasured {
			result = notMeasured
		}
		t.Add(e.Expr, result, strings.TrimPrefix(e.Reason, "measured "))
	}
	return t
}

func knownTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "What players are known to do", Head: []string{"known behaviour", "result", "measured"}, Words: map[int]bool{1: true, 2: true}}
	for i := range s.Known {
		k := &s.Known[i]
		result := map[bool]string{true: "as known", false: "CHANGED"}[k.Holds]
		if k.NotMeasured {
			result = notMeasured
		}
		t.Add(k.Expr, result, strings.TrimPrefix(k.Reason, "measured "))
	}
	return t
}

// cohortNames are the cohorts with all of them first.
func cohortNames(s *reports.Summary) []string {
	names := slices.Sorted(maps.Keys(s.Cohorts))
	if i := slices.Index(names, "all"); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, "all")
	}
	return names
}

func cohortTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Cohorts", Head: []string{"cohort", "profile", "players", "start p50", "p95", "not started", "stalled", "rebuffer", "latency", "bitrate", "died", "confidence"}, Words: map[int]bool{1: true, 11: true},
		Spare: []int{11, 4, 9, 3, 8, 5, 1}}
	for _, name := range cohortNames(s) {
		c := s.Cohorts[name]
		if c.Control && name != "control" {
			name += " (control)"
		}
		t.Add(name, c.Profile, figure.Thousands(c.Players), reports.Milliseconds.Format(c.StartupMs.P50), reports.Milliseconds.Format(c.StartupMs.P95), figure.Thousands(c.StartupFailed),
			figure.WithShare(c.Stalled, c.Players), reports.Fraction.Format(c.RebufferRatio), reports.Milliseconds.Format(c.LiveLatencyMs.P50), reports.BitRate.Format(c.BitrateBps), figure.Thousands(c.Fatal), s.Profiles[c.Profile].Confidence)
	}
	return t
}

// shareTable shows what a fault did to the parts of the audience.
func shareTable(caption, what string, parts map[string]*reports.FaultShare) *document.Table {
	t := &document.Table{Caption: caption, Head: []string{what, "affected", "failed over", "healed", "left", "never", "died", "failover p50", "p95", "max", "outage p50", "p95"},
		Spare: []int{12, 9, 8, 6, 11, 4, 3}}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		p := parts[name]
		t.Add(name, figure.Thousands(p.Affected), figure.Thousands(p.FailedOver), figure.Thousands(p.Healed), figure.Thousands(p.Left), figure.Thousands(p.NeverRecovered), figure.Thousands(p.Fatal),
			reports.Milliseconds.Format(p.FailoverMs.P50), reports.Milliseconds.Format(p.FailoverMs.P95), reports.Milliseconds.Format(p.FailoverMs.Max),
			reports.Milliseconds.Format(p.OutageMs.P50), reports.Milliseconds.Format(p.OutageMs.P95))
	}
	return t
}

// profileShares is shareTable by profile, with the confidence in each model.
func profileShares(s *reports.Summary, caption string, f *reports.FaultSummary) *document.Table {
	return withConfidence(shareTable(caption, "profile", f.ByProfile), func(name string) string { return s.Profiles[name].Confidence })
}

// cohortShares is the same by cohort.
func cohortShares(s *reports.Summary, caption string, f *reports.FaultSummary) *document.Table {
	return withConfidence(shareTable(caption, "cohort", f.ByCohort), func(name string) string {
		if c := s.Cohorts[name]; c != nil {
			return s.Profiles[c.Profile].Confidence
		}
		return ""
	})
}

func withConfidence(t *document.Table, of func(name string) string) *document.Table {
	t.Words = map[int]bool{len(t.Head): true}
	t.Head = append(t.Head, "confidence")
	for i, row := range t.Rows {
		t.Rows[i] = append(row, of(row[0]))
	}
	return t
}

// chainTable shows a fault's chain of events over all affected sessions.
func chainTable(f *reports.FaultSummary) *document.Table {
	t := &document.Table{Caption: "How fast", Head: []string{"after onset", "sessions", "never", "p50", "p90", "p95", "p99", "max"}}
	if f.JoinedDuring > 0 {
		t.Head[0] = "after onset, or after meeting the fault"
	}
	row := func(name string, d *reports.Dist, never string) {
		t.Add(name, figure.Thousands(d.Count), never, reports.Milliseconds.Format(d.P50), reports.Milliseconds.Format(d.P90), reports.Milliseconds.Format(d.P95), reports.Milliseconds.Format(d.P99), reports.Milliseconds.Format(d.Max))
	}
	row("detected", &f.DetectionMs, figure.Thousands(f.DetectionMs.Censored))
	row("failed over", &f.FailoverMs, figure.Thousands(f.FailoverMs.Censored))
	row("outage (seconds without playback)", &f.OutageMs, "")
	row("content skipped", &f.ContentSkippedMs, "")
	row("content repeated", &f.ContentRepeatedMs, "")
	return t
}

// faultTable shows all faults, one in a line.
func faultTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Faults", Head: []string{"fault", "when", "affected", "failed over", "healed", "left", "never", "failover p95", "outage p95"}, Words: map[int]bool{1: true}, Spare: []int{5, 4, 7}}
	for i := range s.Faults {
		f := &s.Faults[i]
		t.Add(f.Title(s), window(f), figure.Thousands(f.Affected), figure.Thousands(f.FailedOver), figure.Thousands(f.Healed), figure.Thousands(f.Left), figure.Thousands(f.NeverRecovered),
			reports.Milliseconds.Format(f.FailoverMs.P95), reports.Milliseconds.Format(f.OutageMs.P95))
	}
	return t
}

func requestTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Requests of the players", Head: []string{"kind", "requests", "errors", "bytes", "first byte p50", "p95", "p99", "complete p50", "p95", "p99"}}
	for k := range m3u8.Kinds {
		kind := k.String()
		if r := s.Requests[kind]; r != nil && r.Count > 0 {
			t.Add(kind, figure.Thousands(r.Count), figure.WithShare(r.Errors, r.Count), figure.Size(r.Bytes), reports.Milliseconds.Format(r.TTFBMs.P50), reports.Milliseconds.Format(r.TTFBMs.P95), reports.Milliseconds.Format(r.TTFBMs.P99),
				reports.Milliseconds.Format(r.TotalMs.P50), reports.Milliseconds.Format(r.TotalMs.P95), reports.Milliseconds.Format(r.TotalMs.P99))
		}
	}
	return t
}

func loadTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Load", Head: []string{"where", "requests", "bytes", "mean rate", "peak rate", "mean bit rate", "peak bit rate"}}
	t.Add("edge", figure.Thousands(s.Edge.Requests), figure.Size(s.Edge.Bytes), reports.PerSecond.Format(s.Edge.Rps.Mean), reports.PerSecond.Format(s.Edge.Rps.Max), reports.BitRate.Format(s.Edge.Bps.Mean), reports.BitRate.Format(s.Edge.Bps.Max))
	if s.Origin.Source != reports.FromNowhere {
		t.Add("origin", figure.Thousands(s.Origin.Requests), figure.Size(s.Origin.Bytes), reports.PerSecond.Format(s.Origin.Rps.Mean), reports.PerSecond.Format(s.Origin.Rps.Max), reports.BitRate.Format(s.Origin.Bps.Mean), reports.BitRate.Format(s.Origin.Bps.Max))
	}
	return t
}

func testerTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Tester", Head: []string{"lag p50", "lag p99", "lag max", "samples dropped", "CPU", "memory", "goroutines"}}
	d := &s.Tester
	t.Add(reports.Milliseconds.Format(d.LagMs.P50), reports.Milliseconds.Format(d.LagMs.P99), reports.Milliseconds.Format(d.LagMs.Max), figure.Thousands(d.DroppedSamples),
		reports.Milliseconds.Format(1000*d.CPUS), figure.Size(d.RSSPeakBytes), figure.Thousands(d.GoroutinesPeak))
	return t
}

// trendTable is what became of what the tester used, over a long run.
func trendTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "What the tester used, over time", Head: []string{"what", "before", "from", "to", "after", "a day", "p", "result"}, Words: map[int]bool{7: true}, Spare: []int{1, 4, 6}}
	for i := range s.Tester.Trends {
		x := &s.Tester.Trends[i]
		name, result := x.What, "flat"
		if x.Agent != "" {
			name += ", " + x.Agent
		}
		switch {
		case x.Doubled:
			result = "DOUBLED"
		case !x.OK && strings.HasPrefix(x.Reason, "not"):
			result = "NOT GIVEN BACK"
		case !x.OK:
			result = "GROWS"
		case !x.From.Known():
			result = x.Reason
		}
		t.Add(name, x.Format(x.Start), x.Format(x.From), x.Format(x.To), x.Format(x.End), perDay(x.Format(x.PerDay), x.P), probability(x.P), result)
	}
	return t
}

// driftTable is what became of the cohorts over a long run.
func driftTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Over the run", Head: []string{"cohort", "latency from", "to", "a day", "p", "stalled an hour: first third", "last third", "result"}, Words: map[int]bool{7: true}, Spare: []int{5}}
	rows := map[string][]string{}
	var names []string
	for i := range s.Drift {
		d := &s.Drift[i]
		row := rows[d.Cohort]
		if row == nil {
			row = []string{d.Cohort, "", "", "", "", "", "", "steady"}
			rows[d.Cohort], names = row, append(names, d.Cohort)
		}
		if !d.OK {
			row[7] = "DRIFTS"
		}
		if d.What == "rebuffer_ratio" {
			row[5], row[6] = stalledAnHour(d.From), stalledAnHour(d.To)
			continue
		}
		row[1], row[2], row[3], row[4] = reports.Milliseconds.Format(d.From), reports.Milliseconds.Format(d.To), perDay(reports.Milliseconds.Format(d.PerDay), d.P), probability(d.P)
	}
	for _, name := range names {
		t.Add(rows[name]...)
	}
	return t
}

// perDay is how much something grows in a day, unless that may be chance: then a slope over minutes
// would look like much for a day.
func perDay(slope string, p reports.Value) string {
	if p < reports.Significant {
		return slope
	}
	return "chance"
}

// probability writes one for people.
func probability(p reports.Value) string {
	switch {
	case !p.Known():
		return reports.Plain.Format(p)
	case p < .0001:
		return "< 0.0001"
	}
	return figure.Trim(float64(p), 4)
}

// stalledAnHour is a share of the time as stalling in an hour.
func stalledAnHour(share reports.Value) string { return reports.Milliseconds.Format(3600_000 * share) }

// agentTable are the machines of a run that went over several: first those that were
// lost, then those whose requests left latest.
func agentTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Agents", Head: []string{"agent", "players", "lag p99", "CPU", "memory", "clock", "lost"}, Words: map[int]bool{6: true}, Spare: []int{4, 3, 5}}
	all := slices.Clone(s.Agents)
	slices.SortStableFunc(all, func(a, b reports.AgentSummary) int {
		lost := func(a *reports.AgentSummary) int { return min(len(a.Reason), 1) }
		return cmp.Or(cmp.Compare(lost(&b), lost(&a)), cmp.Compare(b.LagMs.P99.Order(), a.LagMs.P99.Order()))
	})
	for i := range all {
		a := &all[i]
		lost := ""
		if a.Reason != "" {
			lost = fmt.Sprintf("at %s: %s", moment(s, seconds(a.LostAtS)), a.Reason)
		}
		t.Add(a.Name, figure.Thousands(a.Players), reports.Milliseconds.Format(a.LagMs.P99), reports.Milliseconds.Format(1000*a.CPUS), figure.Size(a.RSSPeakBytes),
			fmt.Sprintf("%s ± %s", reports.Milliseconds.Format(a.ClockOffsetMs), reports.Milliseconds.Format(a.ClockErrorMs)), lost)
	}
	return t
}

// predictedTable shows measured figures beside predicted ones. It has no rows when
// nothing was predicted.
func predictedTable(s *reports.Summary, caption string, f *reports.FaultSummary) *document.Table {
	t := &document.Table{Caption: caption, Head: []string{"profile", "failover p50", "predicted", "outage p50", "predicted", "agrees", "confidence"},
		Words: map[int]bool{2: true, 4: true, 5: true, 6: true}, Spare: []int{6, 4, 3, 1}}
	for _, name := range slices.Sorted(maps.Keys(f.ByProfile)) {
		p := f.ByProfile[name]
		switch {
		case p.Predicted == nil:
		case p.Predicted.Unknown != "":
			t.Add(name, reports.Milliseconds.Format(p.FailoverMs.P50), "no prediction: "+p.Predicted.Unknown, reports.Milliseconds.Format(p.OutageMs.P50), "", "", s.Profiles[name].Confidence)
		default:
			r, agrees := p.Residual, "yes"
			switch {
			case r.Finding != "":
				agrees = "NO"
			case r.TooFew:
				agrees = "too few"
			}
			t.Add(name, reports.Milliseconds.Format(r.MeasuredFailoverMs), p.Predicted.FailoverMs.Words(), reports.Milliseconds.Format(r.MeasuredOutageMs), p.Predicted.OutageMs.Words(), agrees, s.Profiles[name].Confidence)
		}
	}
	return t
}

// logTables are the tables of access logs.
func logTables(s *reports.Summary) []*document.Table {
	g := s.Logs
	results := &document.Table{Caption: "Requests in the access logs", Head: []string{"result", "ours", "others"}}
	names := slices.AppendSeq(slices.Collect(maps.Keys(g.ByResult)), maps.Keys(g.OthersBy))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		results.Add(name, figure.WithShare(g.ByResult[name], g.Ours), figure.WithShare(g.OthersBy[name], g.Others))
	}
	results.Add("asked the origin", figure.WithShare(g.Origin, g.Ours), figure.WithShare(g.OthersOrigin, g.Others))
	largest := func(caption, what string, counts map[string]int64) *document.Table {
		t := &document.Table{Caption: caption, Head: []string{what, "ours"}}
		names := figure.MostFirst(counts)
		for _, name := range names[:min(len(names), 12)] {
			t.Add(name, figure.WithShare(counts[name], g.Ours))
		}
		return t
	}
	return []*document.Table{results, largest("In detail", "result", g.ByDetail), largest("By point of presence", "POP", g.ByPop)}
}

// monitorTables are the tables of monitoring.
func monitorTables(s *reports.Summary) []*document.Table {
	m := s.Monitoring
	var all []*document.Table
	at := func(v reports.Value) string {
		switch {
		case math.IsNaN(float64(v)):
			return ""
		case !v.Known():
			return reports.NeverText
		}
		return figure.Trim(float64(v), 1) + " s"
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		t := &document.Table{Caption: "What noticed " + f.Title(s), Head: []string{"who", "what", "after onset", "seen after", "note"}, Words: map[int]bool{1: true, 4: true}}
		for k := range f.Noticed {
			n := &f.Noticed[k]
			after, seen := reports.NeverText, reports.NeverText
			if n.After.Known() {
				after, seen = figure.Seconds(1000*float64(n.After)), figure.Seconds(1000*float64(n.Seen))
			}
			t.Add(n.Who, n.Name, after, seen, n.Note)
		}
		all = append(all, t)
	}
	if len(m.Found) > 0 {
		t := &document.Table{Caption: "The channel's way through the account", Head: []string{"found"}, Words: map[int]bool{0: true}}
		for _, line := range m.Found {
			t.Add(line)
		}
		all = append(all, t)
	}
	alarms := &document.Table{Caption: "Alarms", Head: []string{"alarm", "region", "state", "since", "seen", "reason"}, Words: map[int]bool{1: true, 2: true, 5: true}}
	for i := range m.Alarms {
		a := &m.Alarms[i]
		for k := range a.States {
			st := &a.States[k]
			alarms.Add(a.Name, a.Region, st.State, at(st.T), at(st.Seen), st.Reason)
		}
	}
	alerts := &document.Table{Caption: "Alerts of the channel", Head: []string{"alert", "pipeline", "set", "cleared", "seen", "message"}, Words: map[int]bool{1: true, 5: true}}
	for i := range m.Alerts {
		a := &m.Alerts[i]
		alerts.Add(a.Type, a.Pipeline, at(a.Set), at(a.Cleared), at(a.Seen), a.Message)
	}
	metrics := &document.Table{Caption: "Metrics", Head: []string{"metric", "of", "statistic", "period", "data points", "lowest", "highest", "delay, median", "longest"}, Words: map[int]bool{1: true, 2: true}}
	for i := range m.Metrics {
		r := &m.Metrics[i]
		if len(r.Points) == 0 {
			metrics.Add(r.Name, r.Namespace+" "+r.Metric, r.Stat, fmt.Sprintf("%d s", r.PeriodS), "0", "", "", "", "")
			continue
		}
		lo, hi := math.Inf(1), math.Inf(-1)
		for k := range r.Points {
			lo, hi = min(lo, float64(r.Points[k].Value)), max(hi, float64(r.Points[k].Value))
		}
		metrics.Add(r.Name, r.Namespace+" "+r.Metric, r.Stat, fmt.Sprintf("%d s", r.PeriodS), figure.Thousands(int64(len(r.Points))), figure.Trim(lo, 2), figure.Trim(hi, 2), at(r.DelayS), at(r.DelayMaxS))
	}
	return append(all, alarms, alerts, metrics)
}

// oneWord is the table with a word for the profiles whose models are unchecked.
func oneWord(t *document.Table) *document.Table {
	at := slices.Index(t.Head, "confidence")
	for _, row := range t.Rows {
		if at < 0 {
			break
		}
		word, _, _ := strings.Cut(row[at], ":")
		row[at] = map[bool]string{true: word}[word == "unchecked"]
	}
	return t
}
