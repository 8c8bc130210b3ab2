package measure

import (
	"fmt"
	"math"
	"strings"

	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/figure"
	"hlsload/reports/monitor"
)

// The expectations about what a provider's monitoring notices are judged once the
// watching has ended: see [Finished.Monitored].

// Monitored puts what monitoring noticed into the summary, judges the
// expectations about it, and decides anew.
func (f *Finished) Monitored(m *reports.MonitorSummary) {
	s, v := f.Summary, f.view
	monitor.Put(s, m)
	v.monitor, v.summary = m, s
	for _, e := range v.Config.Expect {
		if !e.Monitored() {
			continue
		}
		res := v.judge(e)
		if why := v.unsettled(e, res); why != "" {
			res.Pass, res.NotMeasured, res.Value, res.Reason = false, true, reports.NoData, why
		}
		for i := range s.Expectations {
			if s.Expectations[i].Expr == e.Text {
				s.Expectations[i] = res
			}
		}
	}
	s.Decide(&f.ending)
	f.pool()
}

// unsettled says why "never" or "no other" is not known: the watching ended too
// early for the expectation.
func (v *view) unsettled(e *expect.Expectation, res reports.ExpectationResult) string {
	within, until := e.Within(), v.watchedUntil(&e.Left)
	if ends := v.summary.DurationS; e.Left.Metric != nil && e.Left.Metric.Name == otherAlarmsName && until.Known() && until < ends {
		return fmt.Sprintf("not settled: AWS was watched for %s (want the whole run, %s)", figure.Seconds(1000*max(0, float64(until))), figure.Seconds(1000*float64(ends)))
	}
	if within == 0 || !math.IsInf(float64(res.Value), 1) || !until.Known() {
		return ""
	}
	last := reports.NoData
	f := v.resolve(&e.Left)
	for i := range v.summary.Faults {
		if s := &v.summary.Faults[i]; s.AppliedAtS.Known() && (f.fault == "" || s.Name == f.fault) {
			last = s.AppliedAtS
		}
	}
	if watched := until - last; last.Known() && float64(watched) < within.Seconds() {
		return fmt.Sprintf("not settled: AWS was watched for %s after the onset (want %s)", figure.Seconds(1000*float64(watched)), figure.Seconds(1000*within.Seconds()))
	}
	return ""
}

// watchedUntil is how long what a term asks for could be read; no data if never.
func (v *view) watchedUntil(t *expect.Term) reports.Value {
	switch {
	case v.monitor == nil:
		return reports.NoData
	case t.Metric.Needs == expect.AlarmLabel:
		return v.monitor.AlarmsUntilS
	case t.Metric.Needs == expect.AlertLabel:
		return v.monitor.AlertsUntilS
	case len(v.monitor.Missing) > 0:
		return reports.NoData
	}
	all := map[reports.Watched]reports.Value{reports.WatchedAlarms: v.monitor.AlarmsUntilS, reports.WatchedAlerts: v.monitor.AlertsUntilS}
	until := reports.Value(math.Inf(1))
	for _, what := range v.monitor.Wanted {
		if !all[what].Known() {
			return reports.NoData
		}
		until = min(until, all[what])
	}
	if until.Known() {
		return until
	}
	return reports.NoData
}

// otherAlarmsName is the metric that needs all that is watched.
const otherAlarmsName = "other_alarms"

// alarmDelays are the times from each onset to the alarm that is asked for.
func alarmDelays(v *view, f *filter) (h reports.Histogram, never int64) {
	return v.delays(f, func(s *reports.FaultSummary, until reports.Value) reports.Value {
		for i := range v.monitor.Alarms {
			if a := &v.monitor.Alarms[i]; a.Name == f.alarm {
				return monitor.AlarmNotice(a, s, until).After
			}
		}
		return reports.Never
	})
}

// alertDelays are the times from each onset to the first alert of the type
// that is asked for.
func alertDelays(v *view, f *filter) (h reports.Histogram, never int64) {
	return v.delays(f, func(s *reports.FaultSummary, until reports.Value) reports.Value {
		after := reports.Never
		for i := range v.monitor.Alerts {
			if a := &v.monitor.Alerts[i]; strings.EqualFold(a.Type, f.alert) && a.Set >= s.AppliedAtS && a.Set < until {
				after = min(after, a.Set-s.AppliedAtS)
			}
		}
		return after
	})
}

// delays counts an instant after each onset of the faults asked for.
func (v *view) delays(f *filter, of func(s *reports.FaultSummary, until reports.Value) reports.Value) (h reports.Histogram, never int64) {
	for i := range v.summary.Faults {
		s := &v.summary.Faults[i]
		if !s.AppliedAtS.Known() || f.fault != "" && s.Name != f.fault {
			continue
		}
		if after := of(s, monitor.NextOnset(v.summary, s)); after.Known() {
			h.Record(int64(float64(after) * 1e6))
		} else {
			never++
		}
	}
	return h, never
}

// otherAlarms counts the alarms and alerts that no expectation names for the
// fault that was on, or that came without any. Those that were set before the
// run do not count.
func otherAlarms(v *view, f *filter) (num, den int64) { return int64(len(v.unnamed(f))), 1 }

// unnamed are the alarms and alerts that otherAlarms counts, one for each
// fault, in words.
func (v *view) unnamed(f *filter) (all []string) {
	seen := map[string]bool{}
	note := func(at reports.Value, what, name string, named func(*expect.Term) bool) {
		fault := monitor.Cause(v.summary, at)
		title := "outside of any fault"
		switch {
		case at < 0:
			return
		case fault != nil:
			title = fmt.Sprintf("%s after %s", figure.Seconds(1000*float64(at-fault.AppliedAtS)), fault.Title(v.summary))
		}
		if f.fault != "" && (fault == nil || fault.Name != f.fault) {
			return
		}
		for _, e := range v.Config.Expect {
			for _, t := range []*expect.Term{&e.Left, &e.Right} {
				if fault != nil && named(t) && (t.Fault == "" || t.Fault == fault.Name) {
					return
				}
			}
		}
		key := what + name
		if fault != nil {
			key += fmt.Sprint("\x00", fault.Name, fault.Occurrence)
		}
		if !seen[key] {
			seen[key] = true
			all = append(all, fmt.Sprintf("%s %s %s", what, name, title))
		}
	}
	for i := range v.monitor.Alarms {
		a := &v.monitor.Alarms[i]
		for k := range a.States {
			if a.States[k].State == reports.AlarmRings && a.States[k].T.Known() {
				note(a.States[k].T, "alarm", a.Name, func(t *expect.Term) bool { return t.Alarm == a.Name })
			}
		}
	}
	for i := range v.monitor.Alerts {
		a := &v.monitor.Alerts[i]
		note(a.Set, "alert", a.Type, func(t *expect.Term) bool { return strings.EqualFold(t.Alert, a.Type) && t.Alert != "" })
	}
	return all
}
