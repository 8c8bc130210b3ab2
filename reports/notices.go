package reports

import (
	"cmp"
	"math"
	"slices"
)

// Monitored puts what monitoring noticed into the summary, and with each fault
// who noticed it when.
func (s *Summary) Monitored(m *MonitorSummary) {
	s.Monitoring = m
	for i := range s.Faults {
		if f := &s.Faults[i]; f.AppliedAtS.Known() {
			f.Noticed = s.notices(f, m)
		}
	}
	for _, p := range m.Problems {
		s.Warnings = append(s.Warnings, m.Source+": "+p)
	}
	m.origin(s)
}

// notices are the players first, then all that monitoring has, in the order of
// their instants; who never noticed comes last.
func (s *Summary) notices(f *FaultSummary, m *MonitorSummary) []Notice {
	until := s.nextOnset(f)
	var all []Notice
	for i := range m.Metrics {
		if n, ok := s.metricNotice(f, &m.Metrics[i], until); ok {
			all = append(all, n)
		}
	}
	all = append(all, alertNotices(f, m.Alerts, until)...)
	for i := range m.Alarms {
		all = append(all, m.Alarms[i].notice(f, until))
	}
	slices.SortStableFunc(all, func(a, b Notice) int { return cmp.Compare(a.After.order(), b.After.order()) })
	players := Notice{Who: "players", Name: "detection, p50", After: Never, Seen: Never}
	if d := &f.DetectionMs; d.P50.Known() {
		players.After = Value(round(float64(d.P50)/1000, 3))
		players.Seen = players.After
	} else if d.Count == d.Censored {
		players.Note = "nobody detected it"
	}
	return append([]Notice{players}, all...)
}

// trouble is by how much a metric has to leave what it was before: half of
// that more, or a quarter less. Counts of small numbers vary by themselves.
const (
	troubleUp   = 1.5
	troubleDown = 0.75
)

// metricNotice is the first period whose value left what the metric was before
// the fault. It is noticed at the period's end: no value is known before. A
// metric without data around the fault says nothing, and one that says nothing
// about trouble is no notice.
func (s *Summary) metricNotice(f *FaultSummary, r *MetricRecord, until Value) (Notice, bool) {
	if r.Turns == "" || len(r.Points) == 0 {
		return Notice{}, false
	}
	n := Notice{Who: "metric", Name: r.Name, After: Never, Seen: Never}
	lo, hi, before, after := math.Inf(1), 0.0, 0, 0
	period := Value(r.PeriodS)
	for i := range r.Points {
		p := &r.Points[i]
		v, end := float64(p.Value), p.T+period
		switch {
		case end <= f.AppliedAtS:
			if !s.disturbed(p.T, end) {
				lo, hi = min(lo, v), max(hi, v)
				before++
			}
		case p.T >= until:
		default:
			after++
			if n.After.Known() {
				continue
			}
			up := r.Turns == TurnsUp && v > 0 && v > troubleUp*hi
			down := r.Turns == TurnsDown && before > 0 && v < troubleDown*lo
			if up || down {
				n.After, n.Seen = Value(round(float64(end-f.AppliedAtS), 3)), Value(round(float64(max(p.Seen, end)-f.AppliedAtS), 3))
			}
		}
	}
	if after == 0 {
		return Notice{}, false
	}
	if before == 0 && r.Turns == TurnsDown {
		n.Note = "no data before the fault to compare with"
	}
	return n, true
}

// disturbed tells whether a fault was on or in recovery within an interval.
func (s *Summary) disturbed(from, to Value) bool {
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
// type and pipeline; one notice of never when there are none.
func alertNotices(f *FaultSummary, alerts []AlertRecord, until Value) []Notice {
	var all []Notice
	for i := range alerts {
		a := &alerts[i]
		if a.Set < f.AppliedAtS || a.Set >= until {
			continue
		}
		name := a.Type
		if a.Pipeline != "" {
			name += " of pipeline " + a.Pipeline
		}
		if !slices.ContainsFunc(all, func(n Notice) bool { return n.Name == name }) {
			all = append(all, Notice{Who: "alert", Name: name, After: Value(round(float64(a.Set-f.AppliedAtS), 3)),
				Seen: Value(round(float64(max(a.Seen, a.Set)-f.AppliedAtS), 3)), Note: a.Message})
		}
	}
	return all
}

// notice is the first time that the alarm rang since the onset.
func (a *AlarmRecord) notice(f *FaultSummary, until Value) Notice {
	n := Notice{Who: "alarm", Name: a.Name, After: Never, Seen: Never}
	for i := range a.States {
		st := &a.States[i]
		switch {
		case st.T < f.AppliedAtS && st.State == AlarmRings:
			n.Note = "it rang before the fault"
		case st.T < f.AppliedAtS:
			n.Note = ""
		case st.State == AlarmRings && st.T < until:
			n.After, n.Note = Value(round(float64(st.T-f.AppliedAtS), 3)), ""
			n.Seen = Value(round(float64(max(st.Seen, st.T)-f.AppliedAtS), 3))
			return n
		}
	}
	return n
}

// nextOnset is the first onset after that of a fault: what comes later may be
// of that one.
func (s *Summary) nextOnset(f *FaultSummary) Value {
	until := Value(math.Inf(1))
	for i := range s.Faults {
		if a := s.Faults[i].AppliedAtS; a.Known() && a > f.AppliedAtS {
			until = min(until, a)
		}
	}
	return until
}

// cause is the fault with the latest onset at an instant; nil before the first.
func (s *Summary) cause(at Value) (f *FaultSummary) {
	for i := range s.Faults {
		if o := &s.Faults[i]; o.AppliedAtS.Known() && o.AppliedAtS <= at && (f == nil || o.AppliedAtS > f.AppliedAtS) {
			f = o
		}
	}
	return f
}
