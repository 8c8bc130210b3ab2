package reports

import (
	"math"
	"strings"
	"testing"
	"time"
)

var watchedNames = Known{Faults: []string{"kill-0", "freeze"}, Alarms: []string{"outputs", "edge, 5xx {all}"}, Alerts: true}

func TestAlarmExpectationProblems(t *testing.T) {
	for text, want := range map[string]string{
		"alarm_delay.max{alarm=outputs,fault=kill-0} < 60s":          ``,
		`alarm_delay.max{fault=kill-0,alarm="edge, 5xx {all}"} < 3m`: ``,
		`alert_delay.p50{alert="Pipeline Failed"} < 60s`:             ``,
		"other_alarms{fault=kill-0} == 0":                            ``,
		"other_alarms == 0":                                          ``,
		"alarm_delay.max{fault=kill-0} < 60s":                        `1: alarm_delay does not say which alarm (got "alarm_delay.max{fault=kill-0}"; want alarm_delay.max{alarm=NAME})`,
		"alert_delay.max < 60s":                                      `1: alert_delay does not say which alert (got "alert_delay.max"; want alert_delay.max{alert=NAME})`,
		"alarm_delay.max{alarm=output} < 60s":                        `23: unknown alarm (got "output"; want outputs)`,
		"alarm_delay{alarm=outputs} < 60s":                           `1: alarm_delay is a distribution and needs a statistic (got "alarm_delay"; want alarm_delay.min or .mean or .p50 or .p90 or .p95 or .p99 or .max or .count)`,
		"alert_delay.max{alert=} < 60s":                              `23: no alert (got "} < 60s"; want the type of an alert, such as "Pipeline Failed")`,
		"alarm_delay.max{alert=x,alarm=outputs} < 60s":               `17: alarm_delay does not take the label alert (got "alert"; want fault, alarm)`,
	} {
		check(t, text, watchedNames, want)
	}
	for text, want := range map[string]string{
		"alarm_delay.max{alarm=outputs} < 60s": `23: no alarm is watched (got "outputs"; want its name in aws.alarms, too)`,
		"alert_delay.max{alert=x} < 60s":       `23: the alerts of no channel are watched (got "x"; want the channel in aws.channel, too)`,
		"other_alarms == 0":                    `1: other_alarms: nothing is watched on AWS (got "other_alarms"; want aws.alarms or aws.channel, too)`,
	} {
		check(t, text, known, want)
	}
	k := watchedNames
	k.Stop = true
	check(t, "other_alarms > 0", k, `1: other_alarms is only known at the end (got "other_alarms"; want what is known while the run goes on, such as stalled_now or error_rate)`)
}

// TestAlarmExpectations judges what was noticed of a kill at 30 s and a freeze
// at 100 s, watched until 200 s.
func TestAlarmExpectations(t *testing.T) {
	alarm := func(name string, states ...AlarmState) AlarmRecord { return AlarmRecord{Name: name, States: states} }
	on, off := func(t Value) AlarmState { return AlarmState{T: t, State: AlarmRings, Seen: t + 5} }, func(t Value) AlarmState { return AlarmState{T: t, State: AlarmOK, Seen: t + 5} }
	alert := func(kind string, set Value) AlertRecord { return AlertRecord{Type: kind, Set: set, Cleared: NoData} }
	full := MonitorSummary{Source: "aws", UntilS: 200, AlarmsUntilS: 200, AlertsUntilS: 200, wanted: []Watched{WatchedAlarms, WatchedAlerts},
		Alarms: []AlarmRecord{alarm("outputs", off(-100), on(70), off(95)), alarm("edge, 5xx {all}", off(-100), on(110), off(140))},
		Alerts: []AlertRecord{alert("Old", -40), alert("Pipeline Failed", 42), alert("Pipeline Failed", 50)}}
	for _, tc := range []struct {
		name, text string
		change     func(m *MonitorSummary)
		pass       bool
		reason     string
	}{
		{"in time", "alarm_delay.max{alarm=outputs,fault=kill-0} < 60s", nil, true, "measured 40 s"},
		{"too late", "alarm_delay.max{alarm=outputs,fault=kill-0} < 30s", nil, false, "measured 40 s"},
		{"not of that fault", "alarm_delay.max{alarm=outputs,fault=freeze} < 60s", nil, false, "measured never"},
		{"not settled", "alarm_delay.max{alarm=outputs,fault=freeze} < 3m", nil, false, "not settled: AWS was watched for 100 s after the onset (want 3 min 0 s)"},
		{"both faults", "alarm_delay.max{alarm=outputs} < 60s", nil, false, "measured never"},
		{"in ALARM since before the fault", "alarm_delay.max{alarm=outputs,fault=kill-0} < 60s", func(m *MonitorSummary) { m.Alarms[0] = alarm("outputs", off(-100), on(20)) }, false, "measured never"},
		{"comes after the next onset", "alarm_delay.max{alarm=outputs,fault=kill-0} < 60s", func(m *MonitorSummary) { m.Alarms[0] = alarm("outputs", off(-100), on(101)) }, false, "measured never"},
		{"alarms cannot be read", "alarm_delay.max{alarm=outputs} < 60s", func(m *MonitorSummary) { m.AlarmsUntilS, m.Alarms = NoData, nil }, false, "no data: it could not be read on AWS, or no fault was applied"},
		{"alert", `alert_delay.max{alert="pipeline failed",fault=kill-0} < 15s`, nil, true, "measured 12 s"},
		{"alert that was set before", `alert_delay.max{alert=Old,fault=kill-0} < 15s`, nil, false, "measured never"},
		{"alerts cannot be read", `alert_delay.max{alert=Old,fault=kill-0} < 15s`, func(m *MonitorSummary) { m.AlertsUntilS = NoData }, false, "no data: it could not be read on AWS, or kill-0 was never applied"},
		{"others", "other_alarms == 0", nil, false, "measured 3: alarm outputs 40 s after kill-0, alarm edge, 5xx {all} 10 s after freeze, alert Pipeline Failed 12 s after kill-0"},
		{"others of one fault", "other_alarms{fault=freeze} == 0", nil, false, "measured 1: alarm edge, 5xx {all} 10 s after freeze"},
		{"before any fault", "other_alarms == 0", func(m *MonitorSummary) { m.Alarms, m.Alerts = nil, []AlertRecord{alert("Odd", 10)} }, false, "measured 1: alert Odd outside of any fault"},
		{"none", "other_alarms == 0", func(m *MonitorSummary) { m.Alarms, m.Alerts = nil, nil }, true, "measured 0"},
		{"others, alarms cannot be read", "other_alarms == 0", func(m *MonitorSummary) { m.AlarmsUntilS, m.Alarms, m.Alerts = NoData, nil, nil }, false, "no data: it could not be read on AWS, or no fault was applied"},
		{"others, alerts cannot be read", "other_alarms == 0", func(m *MonitorSummary) { m.AlertsUntilS, m.Alarms, m.Alerts = NoData, nil, nil }, false, "no data: it could not be read on AWS, or no fault was applied"},
		{"others, only alarms are watched", "other_alarms == 0", func(m *MonitorSummary) { m.AlertsUntilS, m.Alarms, m.Alerts, m.wanted = NoData, nil, nil, m.wanted[:1] }, true, "measured 0"},
		{"others, not read to the end", "other_alarms == 0", func(m *MonitorSummary) { m.AlertsUntilS, m.Alarms, m.Alerts = 20, nil, nil }, false, "not settled: AWS was watched for 20 s (want the whole run, 2 min 30 s)"},
		{"others, an alarm does not exist", "other_alarms == 0", func(m *MonitorSummary) { m.Alarms, m.Alerts, m.missing = nil, nil, []string{"edge"} }, false, "no data: it could not be read on AWS, or no fault was applied"},
		{"others, first seen when it rang", "other_alarms == 0", func(m *MonitorSummary) { m.Alarms, m.Alerts = []AlarmRecord{alarm("late", on(40))}, nil }, false, "measured 1: alarm late 10 s after kill-0"},
		{"others, in ALARM since before the run", "other_alarms == 0", func(m *MonitorSummary) { m.Alarms, m.Alerts = []AlarmRecord{alarm("old", on(-40))}, nil }, true, "measured 0"},
		{"must not come early", "alarm_delay.min{alarm=outputs,fault=freeze} > 60s", nil, true, "measured never"},
		{"not known whether it comes early", "alarm_delay.min{alarm=outputs,fault=freeze} > 3m", nil, false, "not settled: AWS was watched for 100 s after the onset (want 3 min 0 s)"},
		{"beside what the players noticed", "alarm_delay.max{alarm=outputs,fault=kill-0} - startup.max < 60s", nil, true, "measured 39 s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := judged(t, []string{tc.text}, full, tc.change)
			if e := s.Expectations[0]; e.Pass != tc.pass || e.Reason != tc.reason {
				t.Errorf("%v, %q; want %v, %q", e.Pass, e.Reason, tc.pass, tc.reason)
			}
			if want := map[bool]int{true: ExitPass, false: ExitFail}[tc.pass]; s.ExitCode != want {
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
func judged(t *testing.T, texts []string, m MonitorSummary, change func(*MonitorSummary)) *Summary {
	t.Helper()
	second := kill("freeze", 1, 100, 120)
	cfg := sceneConfig(kill("kill-0", 0, 30, 60), second)
	cfg.Duration = 150 * time.Second
	for _, text := range texts {
		e, problems := ParseExpectation(text, watchedNames)
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
	s := sc.finish(End{At: sec(150), Faults: []FaultEnd{{Rule: 0, Occurrence: 1, UndoVerified: true}, {Rule: 1, Occurrence: 1, UndoVerified: true}}})
	if s.ExitCode != ExitFail || !strings.HasPrefix(s.Expectations[0].Reason, "no data: it could not be read on AWS") || !math.IsNaN(float64(s.Expectations[0].Value)) {
		t.Errorf("before AWS was read: %d, %+v", s.ExitCode, s.Expectations[0])
	}
	m.Alarms, m.Alerts = append([]AlarmRecord{}, m.Alarms...), append([]AlertRecord{}, m.Alerts...)
	if change != nil {
		change(&m)
	}
	sc.over.Monitored(&m)
	return s
}
