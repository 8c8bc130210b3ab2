package monitor

import (
	"cmp"
	"math"
	"slices"

	"hlsload/reports"
)

// Put puts what monitoring noticed into the summary, and with each fault what
// noticed it and when.
func Put(s *reports.Summary, m *reports.MonitorSummary) {
	s.Monitoring = m
	for i := range s.Faults {
		if f := &s.Faults[i]; f.AppliedAtS.Known() {
			f.Noticed = notices(s, f, m)
		}
	}
	for _, p := range m.Problems {
		s.Warnings = append(s.Warnings, m.Source+": "+p)
	}
	origin(m, s)
}

// notices are first that of the players, then those of monitoring in the order of
// their instants. Metrics and alarms that never noticed the fault come last.
func notices(s *reports.Summary, f *reports.FaultSummary, m *reports.MonitorSummary) []reports.Notice {
	until := NextOnset(s, f)
	var all []reports.Notice
	for i := range m.Metrics {
		if n, ok := metricNotice(s, f, &m.Metrics[i], until); ok {
			all = append(all, n)
		}
	}
	all = append(all, alertNotices(f, m.Alerts, until)...)
	for i := range m.Alarms {
		all = append(all, AlarmNotice(&m.Alarms[i], f, until))
	}
	slices.SortStableFunc(all, func(a, b reports.Notice) int { return cmp.Compare(a.After.Order(), b.After.Order()) })
	players := reports.Notice{Who: "players", Name: "detection, p50", After: reports.Never, Seen: reports.Never}
	if d := &f.Headline().DetectionMs; d.P50.Known() {
		players.After = reports.Value(float64(d.P50) / 1000).Round(3)
		players.Seen = players.After
	} else if d.Count == d.Censored {
		players.Note = "no player detected it"
	}
	return append([]reports.Notice{players}, all...)
}

// trouble is by how much a metric has to leave what it was before: half of
// that more, or a quarter less. Counts of small numbers vary by themselves.
const (
	troubleUp   = 1.5
	troubleDown = 0.75
)

// metricNotice is the first period whose value left what the metric was before
// the fault. It is noticed at the period's end: no value is known before. A
// metric without data after the onset, or which does not show trouble, gives none.
func metricNotice(s *reports.Summary, f *reports.FaultSummary, r *reports.MetricRecord, until reports.Value) (reports.Notice, bool) {
	if r.Turns == "" || len(r.Points) == 0 {
		return reports.Notice{}, false
	}
	n := reports.Notice{Who: "metric", Name: r.Name, After: reports.Never, Seen: reports.Never}
	lo, hi, before, after := math.Inf(1), 0.0, 0, 0
	period := reports.Value(r.PeriodS)
	for i := range r.Points {
		p := &r.Points[i]
		v, end := float64(p.Value), p.T+period
		switch {
		case end <= f.AppliedAtS:
			if !disturbed(s, p.T, end) {
				lo, hi = min(lo, v), max(hi, v)
				before++
			}
		case p.T >= until:
		default:
			after++
			if n.After.Known() {
				continue
			}
			up := r.Turns == reports.TurnsUp && v > 0 && v > troubleUp*hi
			down := r.Turns == reports.TurnsDown && before > 0 && v < troubleDown*lo
			if up || down {
				n.After, n.Seen = (end - f.AppliedAtS).Round(3), (max(p.Seen, end) - f.AppliedAtS).Round(3)
			}
		}
	}
	if after == 0 {
		return reports.Notice{}, false
	}
	if before == 0 && r.Turns == reports.TurnsDown {
		n.Note = "no data before the fault to compare with"
	}
	return n, true
}

// disturbed reports whether a fault was on or in recovery within an interval.
func disturbed(s *reports.Summary, from, to reports.Value) bool {
	for i := range s.Faults {
		f := &s.Faults[i]
		if !f.AppliedAtS.Known() || f.AppliedAtS >= to {
			continue
		}
		if end := f.RecoveryEndS; !end.Known() || end > from {
			return true
		}
	}
	return false
}

// alertNotices are the alerts that were set since the onset, the first of each
// type and pipeline.
func alertNotices(f *reports.FaultSummary, alerts []reports.AlertRecord, until reports.Value) []reports.Notice {
	var all []reports.Notice
	for i := range alerts {
		a := &alerts[i]
		if a.Set < f.AppliedAtS || a.Set >= until {
			continue
		}
		name := a.Type
		if a.Pipeline != "" {
			name += " of pipeline " + a.Pipeline
		}
		if !slices.ContainsFunc(all, func(n reports.Notice) bool { return n.Name == name }) {
			all = append(all, reports.Notice{Who: "alert", Name: name, After: (a.Set - f.AppliedAtS).Round(3),
				Seen: (max(a.Seen, a.Set) - f.AppliedAtS).Round(3), Note: a.Message})
		}
	}
	return all
}

// AlarmNotice is the first time that the alarm rang since the onset.
func AlarmNotice(a *reports.AlarmRecord, f *reports.FaultSummary, until reports.Value) reports.Notice {
	n := reports.Notice{Who: "alarm", Name: a.Name, After: reports.Never, Seen: reports.Never}
	for i := range a.States {
		st := &a.States[i]
		switch {
		case st.T < f.AppliedAtS && st.State == reports.AlarmRings:
			n.Note = "it rang before the fault"
		case st.T < f.AppliedAtS:
			n.Note = ""
		case st.State == reports.AlarmRings && st.T < until:
			n.After, n.Note = (st.T - f.AppliedAtS).Round(3), ""
			n.Seen = (max(st.Seen, st.T) - f.AppliedAtS).Round(3)
			return n
		}
	}
	return n
}

// NextOnset is the first onset after that of a fault: what comes later may be
// caused by that one.
func NextOnset(s *reports.Summary, f *reports.FaultSummary) reports.Value {
	until := reports.Value(math.Inf(1))
	for i := range s.Faults {
		if a := s.Faults[i].AppliedAtS; a.Known() && a > f.AppliedAtS {
			until = min(until, a)
		}
	}
	return until
}

// Cause is the fault with the latest onset at an instant; nil before the first.
func Cause(s *reports.Summary, at reports.Value) (f *reports.FaultSummary) {
	for i := range s.Faults {
		if o := &s.Faults[i]; o.AppliedAtS.Known() && o.AppliedAtS <= at && (f == nil || o.AppliedAtS > f.AppliedAtS) {
			f = o
		}
	}
	return f
}
