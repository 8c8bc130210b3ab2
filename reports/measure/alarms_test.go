package measure

import (
	"math"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/monitor"
)

var watchedNames = expect.Known{Faults: []string{"kill-0", "freeze"}, Alarms: []string{"outputs", "edge, 5xx {all}"}, Alerts: true}

// TestAlarmExpectations judges what was noticed of a kill at 30 s and a freeze
// at 100 s, watched until 200 s.
func TestAlarmExpectations(t *testing.T) {
	alarm := func(name string, states ...reports.AlarmState) reports.AlarmRecord {
		return reports.AlarmRecord{Name: name, States: states}
	}
	on, off := func(t reports.Value) reports.AlarmState {
		return reports.AlarmState{T: t, State: reports.AlarmRings, Seen: t + 5}
	}, func(t reports.Value) reports.AlarmState {
		return reports.AlarmState{T: t, State: reports.AlarmOK, Seen: t + 5}
	}
	alert := func(kind string, set reports.Value) reports.AlertRecord {
		return reports.AlertRecord{Type: kind, Set: set, Cleared: reports.NoData}
	}
	full := reports.MonitorSummary{Source: "aws", UntilS: 200, AlarmsUntilS: 200, AlertsUntilS: 200, Wanted: []reports.Watched{reports.WatchedAlarms, reports.WatchedAlerts},
		Alarms: []reports.AlarmRecord{alarm("outputs", off(-100), on(70), off(95)), alarm("edge, 5xx {all}", off(-100), on(110), off(140))},
		Alerts: []reports.AlertRecord{alert("Old", -40), alert("Pipeline Failed", 42), alert("Pipeline Failed", 50)}}
	for _, tc := range []struct {
		name, text string
		change     func(m *reports.MonitorSummary)
		pass       bool
		reason     string
	}{
		{"in time", "alarm_delay.max{alarm=outputs,fault=kill-0} < 60s", nil, true, "measured 40 s"},
		{"too late", "alarm_delay.max{alarm=outputs,fault=kill-0} < 30s", nil, false, "measured 40 s"},
		{"not of that fault", "alarm_delay.max{alarm=outputs,fault=freeze} < 60s", nil, false, "measured never"},
		{"not settled", "alarm_delay.max{alarm=outputs,fault=freeze} < 3m", nil, false, "not settled: AWS was watched for 100 s after the onset (want 3 min)"},
		{"both faults", "alarm_delay.max{alarm=outputs} < 60s", nil, false, "measured never"},
		{"in ALARM since before the fault", "alarm_delay.max{alarm=outputs,fault=kill-0} < 60s", func(m *reports.MonitorSummary) { m.Alarms[0] = alarm("outputs", off(-100), on(20)) }, false, "measured never"},
		{"comes after the next onset", "alarm_delay.max{alarm=outputs,fault=kill-0} < 60s", func(m *reports.MonitorSummary) { m.Alarms[0] = alarm("outputs", off(-100), on(101)) }, false, "measured never"},
		{"alarms cannot be read", "alarm_delay.max{alarm=outputs} < 60s", func(m *reports.MonitorSummary) { m.AlarmsUntilS, m.Alarms = reports.NoData, nil }, false, "no data: it could not be read on AWS, or no fault was applied"},
		{"alert", `alert_delay.max{alert="pipeline failed",fault=kill-0} < 15s`, nil, true, "measured 12 s"},
		{"alert that was set before", `alert_delay.max{alert=Old,fault=kill-0} < 15s`, nil, false, "measured never"},
		{"alerts cannot be read", `alert_delay.max{alert=Old,fault=kill-0} < 15s`, func(m *reports.MonitorSummary) { m.AlertsUntilS = reports.NoData }, false, "no data: it could not be read on AWS, or kill-0 was never applied"},
		{"others", "other_alarms == 0", nil, false, "measured 3: alarm outputs 40 s after kill-0, alarm edge, 5xx {all} 10 s after freeze, alert Pipeline Failed 12 s after kill-0"},
		{"others of one fault", "other_alarms{fault=freeze} == 0", nil, false, "measured 1: alarm edge, 5xx {all} 10 s after freeze"},
		{"before any fault", "other_alarms == 0", func(m *reports.MonitorSummary) { m.Alarms, m.Alerts = nil, []reports.AlertRecord{alert("Odd", 10)} }, false, "measured 1: alert Odd outside of any fault"},
		{"none", "other_alarms == 0", func(m *reports.MonitorSummary) { m.Alarms, m.Alerts = nil, nil }, true, "measured 0"},
		{"others, alarms cannot be read", "other_alarms == 0", func(m *reports.MonitorSummary) { m.AlarmsUntilS, m.Alarms, m.Alerts = reports.NoData, nil, nil }, false, "no data: it could not be read on AWS, or no fault was applied"},
		{"others, alerts cannot be read", "other_alarms == 0", func(m *reports.MonitorSummary) { m.AlertsUntilS, m.Alarms, m.Alerts = reports.NoData, nil, nil }, false, "no data: it could not be read on AWS, or no fault was applied"},
		{"others, only alarms are watched", "other_alarms == 0", func(m *reports.MonitorSummary) {
			m.AlertsUntilS, m.Alarms, m.Alerts, m.Wanted = reports.NoData, nil, nil, m.Wanted[:1]
		}, true, "measured 0"},
		{"others, not read to the end", "other_alarms == 0", func(m *reports.MonitorSummary) { m.AlertsUntilS, m.Alarms, m.Alerts = 20, nil, nil }, false, "not settled: AWS was watched for 20 s (want the whole run, 2 min 30 s)"},
		{"others, an alarm does not exist", "other_alarms == 0", func(m *reports.MonitorSummary) { m.Alarms, m.Alerts, m.Missing = nil, nil, []string{"edge"} }, false, "no data: it could not be read on AWS, or no fault was applied"},
		{"others, first seen when it rang", "other_alarms == 0", func(m *reports.MonitorSummary) {
			m.Alarms, m.Alerts = []reports.AlarmRecord{alarm("late", on(40))}, nil
		}, false, "measured 1: alarm late 10 s after kill-0"},
		{"others, in ALARM since before the run", "other_alarms == 0", func(m *reports.MonitorSummary) {
			m.Alarms, m.Alerts = []reports.AlarmRecord{alarm("old", on(-40))}, nil
		}, true, "measured 0"},
		{"must not come early", "alarm_delay.min{alarm=outputs,fault=freeze} > 60s", nil, true, "measured never"},
		{"not known whether it comes early", "alarm_delay.min{alarm=outputs,fault=freeze} > 3m", nil, false, "not settled: AWS was watched for 100 s after the onset (want 3 min)"},
		{"beside what the players noticed", "alarm_delay.max{alarm=outputs,fault=kill-0} - startup.max < 60s", nil, true, "measured 39 s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := judged(t, []string{tc.text}, full, tc.change)
			if e := s.Expectations[0]; e.Pass != tc.pass || e.Reason != tc.reason {
				t.Errorf("%v, %q; want %v, %q", e.Pass, e.Reason, tc.pass, tc.reason)
			}
			if want := map[bool]int{true: reports.ExitPass, false: reports.ExitFail}[tc.pass]; s.ExitCode != want {
				t.Errorf("exit code %d; want %d", s.ExitCode, want)
			}
		})
	}

	// What an expectation names is not among the others, for its fault.
	s := judged(t, []string{"other_alarms == 0", "alarm_delay.max{alarm=outputs,fault=kill-0} < 60s", `alert_delay.max{alert="Pipeline Failed"} < 100s`}, full, nil)
	if got := s.Expectations[0].Reason; got != "measured 1: alarm edge, 5xx {all} 10 s after freeze" {
		t.Errorf("others: %s", got)
	}
}

// judged is a run with one viewer who starts after a second, a kill at 30 s and
// a freeze at 100 s, once AWS has been watched.
func judged(t *testing.T, texts []string, m reports.MonitorSummary, change func(*reports.MonitorSummary)) *reports.Summary {
	t.Helper()
	second := kill("freeze", 1, 100, 120)
	cfg := sceneConfig(kill("kill-0", 0, 30, 60), second)
	cfg.Duration = 150 * time.Second
	for _, text := range texts {
		e, problems := expect.Parse(text, watchedNames)
		if problems != nil {
			t.Fatal(problems)
		}
		cfg.Expect = append(cfg.Expect, e)
	}
	sc := newScene(t, cfg)
	sc.join(1, 0).start(2)
	sc.apply(0, 1, 30)
	sc.clear(0, 1, 60)
	sc.apply(1, 1, 100)
	sc.clear(1, 1, 120)
	s := sc.finish(End{At: sec(150), Faults: undone(0, 1)})
	if s.ExitCode != reports.ExitFail || !strings.HasPrefix(s.Expectations[0].Reason, "no data: it could not be read on AWS") || !math.IsNaN(float64(s.Expectations[0].Value)) {
		t.Errorf("before AWS was read: %d, %+v", s.ExitCode, s.Expectations[0])
	}
	m.Alarms, m.Alerts = append([]reports.AlarmRecord{}, m.Alarms...), append([]reports.AlertRecord{}, m.Alerts...)
	if change != nil {
		change(&m)
	}
	sc.over.Monitored(&m)
	return s
}

func TestStopOnAlarm(t *testing.T) {
	e, problems := expect.Parse("alarm(edge) for 5s", expect.Known{Stop: true, Alarms: []string{"edge"}})
	if problems != nil {
		t.Fatal(problems)
	}
	cfg := sceneConfig()
	cfg.Stop = []*expect.Expectation{e}
	sc := newScene(t, cfg)
	start := time.Unix(1_000_000, 0)
	m := monitor.New("aws", start, nil)
	stops := NewStops(sc.c, m)
	tripped := ""
	for s := 0; s < 40 && tripped == ""; s++ {
		switch at := start.Add(time.Duration(s) * time.Second); s {
		case 3:
			m.Alarm("edge", "us-east-1", reports.AlarmOK, start.Add(-time.Hour), at, "")
		case 10: // too short
			m.Alarm("edge", "us-east-1", reports.AlarmRings, at, at, "")
		case 13:
			m.Alarm("edge", "us-east-1", reports.AlarmOK, at, at, "")
		case 20:
			m.Alarm("edge", "us-east-1", reports.AlarmRings, at, at, "")
		}
		if tripped = stops.Check(time.Duration(s) * time.Second); tripped != "" && (s != 25 || tripped != "alarm(edge) for 5s: it is in ALARM") {
			t.Errorf("tripped at %d s with %q", s, tripped)
		}
	}
	if tripped == "" || NewStops(sc.c, nil).Check(0) != "" {
		t.Errorf("tripped %q; without a monitor %q", tripped, NewStops(sc.c, nil).Check(0))
	}
}
