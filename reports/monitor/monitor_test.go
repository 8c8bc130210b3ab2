package monitor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
)

// TestNotices holds what noticed a fault and when: what counts as leaving what was
// before, and what is said of those that did not.
func TestNotices(t *testing.T) {
	series := func(turns string, period int, values string) reports.MetricRecord {
		r := reports.MetricRecord{Name: "metric", Turns: turns, PeriodS: period}
		for i, v := range strings.Fields(values) {
			var f float64
			if _, err := fmt.Sscan(v, &f); err == nil { // - has no data point
				at := reports.Value(i*period - 120)
				r.Points = append(r.Points, reports.MetricPoint{T: at, Value: reports.Value(f), Seen: at + reports.Value(period) + 45})
			}
		}
		return r
	}
	for _, tc := range []struct {
		name   string
		Metric reports.MetricRecord
		want   string // after, seen, note; "" = no notice
	}{
		// Minutes -2 and -1, then 0; the fault begins in minute 1.
		{"rises", series(reports.TurnsUp, 60, "2 3 2 40 40"), "20 65 "},
		{"rises a minute later", series(reports.TurnsUp, 60, "2 3 2 3 40"), "80 125 "},
		{"rises a little", series(reports.TurnsUp, 60, "2 3 2 4 4"), "+Inf +Inf "},
		{"rises from nothing", series(reports.TurnsUp, 60, "- - - 1 1"), "20 65 "},
		{"stays at nothing", series(reports.TurnsUp, 60, "0 0 0 0 0"), "+Inf +Inf "},
		{"a data point is missing", series(reports.TurnsUp, 60, "2 3 2 - 40"), "80 125 "},
		{"no data since", series(reports.TurnsUp, 60, "2 3 2"), ""},
		{"falls", series(reports.TurnsDown, 60, "10 10 10 7 0"), "20 65 "},
		{"falls a little", series(reports.TurnsDown, 60, "10 10 10 8 8"), "+Inf +Inf "},
		{"falls, without data before", series(reports.TurnsDown, 60, "- - - 0 0"), "+Inf +Inf no data before the fault to compare with"},
		{"tells no trouble", series("", 60, "2 3 2 40 40"), ""},
		{"what is within the next fault is not of this one", series(reports.TurnsUp, 60, "2 3 2 3 3 3 40"), "+Inf +Inf "},
		{"before is what is not of another fault", series(reports.TurnsUp, 10, strings.Repeat("2 ", 13)+"50 50 50 50 "+strings.Repeat("2 ", 5)+"30 30"), "10 55 "},
	} {
		s := &reports.Summary{DurationS: 300, Faults: []reports.FaultSummary{
			{Name: "a", AppliedAtS: 100, ClearedAtS: 130, RecoveryEndS: 150},
			{Name: "b", AppliedAtS: 240, ClearedAtS: 260, RecoveryEndS: 280},
		}}
		f := &s.Faults[0]
		if strings.HasPrefix(tc.name, "before") {
			s.Faults = []reports.FaultSummary{{Name: "0", AppliedAtS: 10, ClearedAtS: 30, RecoveryEndS: 50}, {Name: "a", AppliedAtS: 100, ClearedAtS: 130, RecoveryEndS: 150}}
			f = &s.Faults[1]
		}
		Put(s, &reports.MonitorSummary{Metrics: []reports.MetricRecord{tc.Metric}})
		got := ""
		for _, n := range f.Noticed {
			if n.Who == "metric" {
				got = fmt.Sprintf("%v %v %s", n.After, n.Seen, n.Note)
			}
		}
		if got != tc.want {
			t.Errorf("%s: got %q; want %q", tc.name, got, tc.want)
		}
	}
}

// TestMonitorBounds holds what may come from outside.
func TestMonitorBounds(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	m := New("aws", start, func(s string) string { return strings.ReplaceAll(s, "planted", "${SECRET}") })
	n := m.Series(reports.MetricRecord{Name: "x", PeriodS: 60})
	for i := range maxPoints + 10 {
		m.Point(n, start.Add(time.Duration(i)*time.Second), 1, start)
	}
	for i := range maxStates + 10 {
		m.Alarm("a", "r", []string{reports.AlarmOK, reports.AlarmRings}[i%2], start, start, "planted")
		m.Alert(fmt.Sprint(i), strings.Repeat("é", 1000), "0", "planted", start, time.Time{}, start)
	}
	for i := range maxWatched + 10 {
		m.Alarm(fmt.Sprint(i), "r", reports.AlarmOK, start, start, "")
		m.Problem(fmt.Sprint(i))
	}
	s := m.Summary()
	if len(s.Metrics[0].Points) > maxPoints || len(s.Alerts) != maxStates || len(s.Alarms) != maxWatched || len(s.Problems) != maxProblems || len(s.Alarms[0].States) != maxStates {
		t.Errorf("%d points, %d alerts, %d alarms, %d problems, %d states", len(s.Metrics[0].Points), len(s.Alerts), len(s.Alarms), len(s.Problems), len(s.Alarms[0].States))
	}
	if a := s.Alerts[0]; a.Message != "${SECRET}" || len(a.Type) > maxNote+4 || s.Alarms[0].States[0].Reason != "${SECRET}" {
		t.Errorf("%+v", a)
	}
	m.Point(n, start, 5, start.Add(time.Minute)) // a value that was not complete
	m.Start(start.Add(10 * time.Second))
	if p := m.Summary().Metrics[0].Points[0]; p.T != -10 || p.Value != 5 || p.Seen != -10 {
		t.Errorf("%+v", p)
	}
}

// A metric of days folds: none of its trouble is lost, the end is as fine as it
// came, and what came late is counted.
func TestMetricsFold(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	at := func(i int) time.Time { return start.Add(time.Duration(i) * 10 * time.Second) }
	m := New("aws", start, nil)
	up, down := m.Series(reports.MetricRecord{Name: "alerts", PeriodS: 10, Turns: reports.TurnsUp}), m.Series(reports.MetricRecord{Name: "rate", PeriodS: 10, Turns: reports.TurnsDown})
	const week = 7 * 24 * 360
	for i := range week {
		high, low := 0., 30.
		if i%10_001 == 5 {
			high, low = 7, 1
		}
		m.Point(up, at(i), high, at(i+1))
		m.Point(down, at(i), low, at(i+1))
		if i%5_000 == 4_999 {
			m.Point(up, at(i-3_000), 9, at(i)) // late
		}
	}
	for _, r := range m.Summary().Metrics {
		troubles := 0
		for i, p := range r.Points {
			if p.Value == 7 || p.Value == 9 || p.Value == 1 {
				troubles++
			}
			if i > 0 && p.T <= r.Points[i-1].T {
				t.Fatalf("%s: point %d at %v after %v", r.Name, i, p.T, r.Points[i-1].T)
			}
		}
		n := len(r.Points)
		if n > maxPoints || r.Points[0].T != 0 || r.Points[n-1].T != 10*(week-1) || r.Points[n-2].T != 10*(week-2) {
			t.Errorf("%s: %d points from %v to %v", r.Name, n, r.Points[0].T, r.Points[n-1].T)
		}
		if troubles < week/10_001 {
			t.Errorf("%s: %d points show trouble; want %d", r.Name, troubles, week/10_001)
		}
	}
}
