package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
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

// predictedTable shows what was measured beside what was predicted; without
// rows if nothing was.
func (s *Summary) predictedTable(caption string, f *FaultSummary) *table {
	t := &table{caption: caption, head: []string{"profile", "failover p50", "predicted", "outage p50", "predicted", "agrees", "confidence"},
		words: map[int]bool{2: true, 4: true, 5: true, 6: true}}
	for _, name := range slices.Sorted(maps.Keys(f.ByProfile)) {
		p := f.ByProfile[name]
		switch {
		case p.Predicted == nil:
		case p.Predicted.Unknown != "":
			t.add(name, duration.format(p.FailoverMs.P50), "not: "+p.Predicted.Unknown, duration.format(p.OutageMs.P50), "", "", s.Profiles[name].Confidence)
		default:
			r, agrees := p.Residual, "yes"
			if r.Finding != "" {
				agrees = "NO"
			}
			t.add(name, duration.format(r.MeasuredFailoverMs), p.Predicted.FailoverMs.words(), duration.format(r.MeasuredOutageMs), p.Predicted.OutageMs.words(), agrees, s.Profiles[name].Confidence)
		}
	}
	return t
}

// logTables are what logs have, for people.
func (s *Summary) logTables() []*table {
	g := s.Logs
	results := &table{caption: "Requests in the access logs", head: []string{"result", "ours", "others"}}
	names := map[string]bool{}
	for _, m := range []map[string]int64{g.ByResult, g.OthersBy} {
		for name := range m {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		results.add(name, withShare(g.ByResult[name], g.Ours), withShare(g.OthersBy[name], g.Others))
	}
	results.add("asked the origin", withShare(g.Origin, g.Ours), withShare(g.OthersOrigin, g.Others))
	pops := &table{caption: "By point of presence", head: []string{"POP", "ours"}}
	for _, name := range largest(g.ByPop, 12) {
		pops.add(name, withShare(g.ByPop[name], g.Ours))
	}
	details := &table{caption: "In detail", head: []string{"result", "ours"}}
	for _, name := range largest(g.ByDetail, 12) {
		details.add(name, withShare(g.ByDetail[name], g.Ours))
	}
	return []*table{results, details, pops}
}

// largest are the names with the largest counts, in that order.
func largest(m map[string]int64, most int) []string {
	names := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		if m[a] != m[b] {
			return int(max(-1, min(1, m[b]-m[a])))
		}
		return strings.Compare(a, b)
	})
	return names[:min(len(names), most)]
}

// monitorTables are what monitoring noticed, for people.
func (s *Summary) monitorTables() []*table {
	m := s.Monitoring
	var all []*table
	at := func(v Value) string {
		switch {
		case math.IsNaN(float64(v)):
			return ""
		case !v.Known():
			return never
		}
		return trim(float64(v), 1) + " s"
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		t := &table{caption: "Who noticed " + f.title(s), head: []string{"who", "what", "after onset", "seen after", "note"}, words: map[int]bool{1: true, 4: true}}
		for k := range f.Noticed {
			n := &f.Noticed[k]
			after, seen := never, never
			if n.After.Known() {
				after, seen = seconds(1000*float64(n.After)), seconds(1000*float64(n.Seen))
			}
			t.add(n.Who, n.Name, after, seen, n.Note)
		}
		all = append(all, t)
	}
	if len(m.Found) > 0 {
		t := &table{caption: "The channel's way through the account", head: []string{"found"}, words: map[int]bool{0: true}}
		for _, line := range m.Found {
			t.add(line)
		}
		all = append(all, t)
	}
	alarms := &table{caption: "Alarms", head: []string{"alarm", "region", "state", "since", "seen", "reason"}, words: map[int]bool{1: true, 2: true, 5: true}}
	for i := range m.Alarms {
		a := &m.Alarms[i]
		for k := range a.States {
			st := &a.States[k]
			alarms.add(a.Name, a.Region, st.State, at(st.T), at(st.Seen), st.Reason)
		}
	}
	alerts := &table{caption: "Alerts of the channel", head: []string{"alert", "pipeline", "set", "cleared", "seen", "message"}, words: map[int]bool{1: true, 5: true}}
	for i := range m.Alerts {
		a := &m.Alerts[i]
		alerts.add(a.Type, a.Pipeline, at(a.Set), at(a.Cleared), at(a.Seen), a.Message)
	}
	metrics := &table{caption: "Metrics", head: []string{"metric", "of", "statistic", "period", "data points", "lowest", "highest", "delay, median", "longest"}, words: map[int]bool{1: true, 2: true}}
	for i := range m.Metrics {
		r := &m.Metrics[i]
		if len(r.Points) == 0 {
			metrics.add(r.Name, r.Namespace+" "+r.Metric, r.Stat, fmt.Sprintf("%d s", r.PeriodS), "0", "", "", "", "")
			continue
		}
		lo, hi := math.Inf(1), math.Inf(-1)
		for k := range r.Points {
			lo, hi = min(lo, float64(r.Points[k].Value)), max(hi, float64(r.Points[k].Value))
		}
		metrics.add(r.Name, r.Namespace+" "+r.Metric, r.Stat, fmt.Sprintf("%d s", r.PeriodS), thousands(int64(len(r.Points))), trim(lo, 2), trim(hi, 2), at(r.DelayS), at(r.DelayMaxS))
	}
	return append(all, alarms, alerts, metrics)
}
