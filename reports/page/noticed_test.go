package page

import (
	"testing"

	"hlsload/reports"
	"hlsload/reports/monitor"
)

func TestNoticedLine(t *testing.T) {
	s := &reports.Summary{DurationS: 400, Faults: []reports.FaultSummary{{Name: "a", AppliedAtS: 100, ClearedAtS: 130, RecoveryEndS: 150}}}
	s.Faults[0].DetectionMs = reports.Dist{Count: 10, P50: 4200}
	monitor.Put(s, &reports.MonitorSummary{
		Source: "aws", Problems: []string{"alerts cannot be read without the permission medialive:ListAlerts"},
		Alarms: []reports.AlarmRecord{
			{Name: "edge 5xx", States: []reports.AlarmState{{T: -500, State: reports.AlarmOK, Seen: -2}, {T: 280, State: reports.AlarmRings, Seen: 283}}},
			{Name: "outputs", States: []reports.AlarmState{{T: -500, State: reports.AlarmOK, Seen: -2}}},
			{Name: "old", States: []reports.AlarmState{{T: -500, State: reports.AlarmRings, Seen: -2}}},
		},
		Alerts: []reports.AlertRecord{{Type: "Failed to Create Output File or Socket", Pipeline: "0", Set: 131, Seen: 131.2}, {Type: "earlier", Set: 50, Seen: 50}},
		Metrics: []reports.MetricRecord{
			{Name: "S3 4xx", Turns: reports.TurnsUp, PeriodS: 60, Points: []reports.MetricPoint{{T: 0, Value: 0, Seen: 70}, {T: 101, Value: 9, Seen: 218}}},
			{Name: "S3 5xx", Turns: reports.TurnsUp, PeriodS: 60, Points: []reports.MetricPoint{{T: 120, Value: 0, Seen: 218}}},
		},
	})
	want := "Noticed after: players: +4.2 s (p50 of detection) · alert Failed to Create Output File or Socket of pipeline 0: +31 s · S3 4xx: +61 s (seen +118 s) · " +
		"alarm edge 5xx: +3 min (seen +3 min 3 s) · alarm outputs: never · alarm old: never (it rang before the fault) · S3 5xx: never."
	if got := noticedLine(&s.Faults[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(s.Warnings) != 1 || s.Warnings[0] != "aws: alerts cannot be read without the permission medialive:ListAlerts" {
		t.Errorf("warnings %q", s.Warnings)
	}
}
