//go:build full

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos/aws/awstest"
	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// onAWS runs a scenario against an emulated account in the time of a bubble.
// prepare is told when the run begins.
func onAWS(t *testing.T, text string, prepare func(a *awstest.Account, ch *awstest.Channel, begin time.Time)) (s *reports.Summary, a *awstest.Account, said string, code int) {
	t.Helper()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "planted", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none")} {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(10*time.Minute + 7*time.Second)
		m := runtest.NewNetwork()
		a = awstest.New(nil)
		bucket := a.AddBucket("example-live", true)
		ch := a.AddChannel("1234567", bucket, "live/p0/", "live/p1/")
		l, _ := m.Listen(t.Context(), "")
		viewers := &http.Server{Handler: bucket}
		go viewers.Serve(l)
		if prepare != nil {
			prepare(a, ch, time.Now())
		}
		before := a.State()
		cmd, out, errs := quiet()
		sc := parse(t, fmt.Sprintf(text, "http://"+l.Addr().String()))
		exit := exitOf(perform(cmd, &run.Config{Scenario: sc}, &output{dir: dir, progress: progressPlain}, network{listen: m.Listen, web: look.Network{Dial: m.Dial}, aws: a}))
		code, said = exit.code, out.String()+errs.String()+exit.msg
		if after := a.State(); after != before {
			t.Errorf("left behind\n%s\nwant\n%s", after, before)
		}
		viewers.Close()
		l.Close()
	})
	if _, err := os.Stat(filepath.Join(dir, "summary.json")); err == nil {
		if s, err = reports.Read(dir); err != nil {
			t.Fatal(err)
		}
	}
	return s, a, said, code
}

const watchedScenario = `
duration: 120s
recovery: 30s
target: {url: ["%[1]s/live/p0/index.m3u8", "%[1]s/live/p1/index.m3u8"]}
fleet: {players: 4, arrive: {over: 2s}, cohorts: [{name: web, share: 100%%, profile: rfc8216bis}]}
aws: {account: "123456789012", region: eu-west-1, channel: "1234567", bucket: example-live, prefix: live/, pipelines: [live/p0/*, live/p1/*],
  alarms: [outputs, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:viewers see errors"], tags: {hlsload: allow}}
chaos: [{name: pause-0, fault: pipeline.pause, via: aws, at: 30s, for: 60s, pipeline: 0}]
`

// notices is an account that notices the pause of the scenario.
func notices(rings time.Duration) func(*awstest.Account, *awstest.Channel, time.Time) {
	return func(a *awstest.Account, ch *awstest.Channel, begin time.Time) {
		a.AddAlarm(awstest.Alarm{Region: "us-east-1", Name: "viewers see errors", States: []awstest.AlarmState{{At: begin.Add(-time.Hour), State: "OK"}, {At: begin.Add(rings), State: "ALARM"}}})
		a.AddAlarm(awstest.Alarm{Region: "eu-west-1", Name: "outputs", States: []awstest.AlarmState{{At: begin.Add(-time.Hour), State: "OK"}}})
		a.AddMetric(awstest.Metric{Region: "eu-west-1", Namespace: "AWS/MediaLive", Name: "ActiveOutputs", Dimensions: map[string]string{"ChannelId": "1234567", "Pipeline": "0", "OutputGroupName": "HLS"},
			Value: func(at time.Time) (float64, bool) {
				if at.Sub(begin) > 35*time.Second && at.Sub(begin) < 95*time.Second {
					return 0, true
				}
				return 5, true
			}})
	}
}

// TestWatched runs without a stop condition: everything that AWS notices is in
// the report, the alarm that rings when the run is over included.
func TestWatched(t *testing.T) {
	s, a, said, code := onAWS(t, watchedScenario, notices(200*time.Second))
	if code != 0 || s == nil || s.Monitoring == nil {
		t.Fatalf("exit %d: %s", code, said)
	}
	if found := strings.Join(s.Monitoring.Found, "\n"); !strings.Contains(found, "s3://example-live/live/p1/index") || !strings.Contains(said, found[:20]) {
		t.Errorf("found %q", found)
	}
	f := &s.Faults[0]
	by := map[string]reports.Notice{}
	for _, n := range f.Noticed {
		by[n.Who+" "+n.Name] = n
	}
	if n := by["players detection, p50"]; !n.After.Known() || n.After < 3 || n.After > 20 {
		t.Errorf("players: %+v", n)
	}
	if n := by["metric MediaLive outputs of pipeline 0"]; !n.After.Known() || n.After < 5 || n.After > 25 || n.Seen < n.After+25 {
		t.Errorf("outputs: %+v", n)
	}
	if n := by["alarm viewers see errors"]; !n.After.Known() || n.After < 164.9 || n.After > 175 || n.Seen < n.After {
		t.Errorf("alarm: %+v", n)
	}
	if n, ok := by["alarm outputs"]; !ok || n.After.Known() {
		t.Errorf("alarm: %+v", n)
	}
	for _, want := range []string{"Noticed after: players: +", "alarm outputs: never", "waiting for late data points from AWS"} {
		if !strings.Contains(strings.Join(strings.Fields(said), " "), want) {
			t.Errorf("nothing says %q:\n%s", want, said)
		}
	}
	for _, r := range a.Requests() {
		if r.Mutates && r.Op != "BatchUpdateSchedule" && !claims(r) {
			t.Errorf("%s %s", r.Service, r.Op)
		}
	}
}

// TestAlarmsUnderTest judges alarms by when they go to ALARM, which may be long
// after the run has ended.
func TestAlarmsUnderTest(t *testing.T) {
	for _, tc := range []struct {
		rings  time.Duration
		expect string
		code   int
		want   string
	}{
		{200 * time.Second, `alarm_delay.max{alarm=viewers see errors,fault=pause-0} < 4m`, 0, "PASS"},
		{400 * time.Second, `alarm_delay.max{alarm=viewers see errors,fault=pause-0} < 8m`, 0, "PASS"}, // three minutes after the run are not enough
		{200 * time.Second, `alarm_delay.max{alarm=viewers see errors,fault=pause-0} < 100s`, reports.ExitFail, "does not hold"},
		{200 * time.Second, `alarm_delay.max{alarm=outputs,fault=pause-0} < 2m`, reports.ExitFail, "measured never"},
		{200 * time.Second, "other_alarms == 0", reports.ExitFail, "measured 1: alarm viewers see errors"},
		{time.Hour, "other_alarms == 0", 0, "PASS"},
	} {
		if underRace && tc.rings != time.Hour {
			continue
		}
		s, _, said, code := onAWS(t, watchedScenario+"expect: ['"+tc.expect+"']\n", notices(tc.rings))
		if code != tc.code || s == nil || s.ExitCode != code || !strings.Contains(strings.Join(strings.Fields(said), " "), tc.want) {
			t.Errorf("%s: exit %d, want %d with %q: %s", tc.expect, code, tc.code, tc.want, said)
		}
	}
}

// TestAlarmStops lets an alarm ring while the fault is on: it is undone first,
// the players go on for a while, and the run ends with 105.
func TestAlarmStops(t *testing.T) {
	s, _, said, code := onAWS(t, watchedScenario+"stop: [alarm(viewers see errors) for 2s]\n", notices(claiming+50*time.Second))
	if code != reports.ExitInterrupted || s == nil || s.Verdict != reports.Interrupted || s.Interrupted != "stop condition: alarm(viewers see errors) for 2s: it is in ALARM" {
		t.Fatalf("exit %d, %s", code, said)
	}
	f := &s.Faults[0]
	if !f.UndoVerified || f.ClearedAtS < 52 || f.ClearedAtS > 62 || s.DurationS < f.ClearedAtS+12 || s.DurationS > 100 {
		t.Errorf("cleared at %v, verified %v, the end at %v", f.ClearedAtS, f.UndoVerified, s.DurationS)
	}
	last := s.Timeline[len(s.Timeline)-1]
	if last.Playing != 4 {
		t.Errorf("%d players play at the end of the grace; want 4", last.Playing)
	}
	if !strings.Contains(said, "it is in ALARM; the faults are put back, then the run ends") {
		t.Errorf("said %s", said)
	}
}

// TestAlarmGuards holds what keeps a run from beginning; nothing is changed.
func TestAlarmGuards(t *testing.T) {
	for _, tc := range []struct {
		name, stop, want string
		prepare          func(a *awstest.Account, ch *awstest.Channel, begin time.Time)
	}{
		{"rings already", "alarm(outputs)", "alarm outputs, which a stop condition uses, is in ALARM already: no fault may be added now",
			func(a *awstest.Account, _ *awstest.Channel, begin time.Time) {
				a.AddAlarm(awstest.Alarm{Region: "eu-west-1", Name: "outputs", States: []awstest.AlarmState{{At: begin, State: "ALARM"}}})
			}},
		{"does not exist", "alarm(outputs)", "alarm outputs, which a stop condition uses, does not exist", nil},
		{"cannot be read", "alarm(outputs)", "want the permission cloudwatch:DescribeAlarms", func(a *awstest.Account, _ *awstest.Channel, _ time.Time) {
			a.Mishap = func(r awstest.Request) awstest.Mishap {
				if r.Op == "DescribeAlarms" {
					return awstest.Denied
				}
				return awstest.Nothing
			}
		}},
	} {
		s, a, said, code := onAWS(t, watchedScenario+"stop: ["+tc.stop+"]\n", tc.prepare)
		if code != reports.ExitInterrupted || s != nil || !strings.Contains(said, tc.want) {
			t.Errorf("%s: exit %d, %s; want %q", tc.name, code, said, tc.want)
		}
		if slices.ContainsFunc(a.Requests(), func(r awstest.Request) bool { return r.Mutates }) {
			t.Errorf("%s: something was changed", tc.name)
		}
	}
}

// TestReadOnly watches an account that allows nothing but reading, and not all
// of that: players' faults go on.
func TestReadOnly(t *testing.T) {
	text := strings.Replace(watchedScenario, "fault: pipeline.pause, via: aws,", "fault: playlist.freeze, via: viewer,", 1)
	s, a, said, code := onAWS(t, text, func(a *awstest.Account, ch *awstest.Channel, begin time.Time) {
		notices(time.Hour)(a, ch, begin)
		a.Mishap = func(r awstest.Request) awstest.Mishap {
			if r.Mutates || r.Op == "ListAlerts" || r.Op == "DescribeSchedule" {
				return awstest.Denied
			}
			return awstest.Nothing
		}
	})
	if code != 0 || s == nil || !slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, "medialive:ListAlerts") }) {
		t.Errorf("exit %d, %s", code, said)
	}
	for _, r := range a.Requests() {
		if r.Mutates {
			t.Errorf("%s %s", r.Service, r.Op)
		}
	}
}
