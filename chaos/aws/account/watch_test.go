package account

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws/awstest"
	"hlsload/chaos/aws/watch"
	"hlsload/reports"
	"hlsload/reports/monitor"
)

// watched is an account that notices a fault: S3 refuses writes from onset on,
// MediaLive raises an alert 12 s later, and an alarm rings after three minutes.
type watched struct {
	*world
	monitor *monitor.Monitor
	start   time.Time
	onset   time.Time
}

func newWatched(t *testing.T) *watched {
	w := &watched{world: newWorld(t)}
	time.Sleep(time.Until(time.Now().Truncate(time.Hour).Add(10*time.Minute + 10*time.Second))) // ten seconds into a period
	w.start = time.Now()
	w.onset = w.start.Add(100 * time.Second)
	w.cfg.Distribution, w.cfg.Function = "E2EXAMPLE", "invalidator"
	w.cfg.Alarms = []chaos.AlarmAWS{{Name: "viewers see errors", Region: watch.Global}, {Name: "outputs", Region: w.Region}}
	w.monitor = monitor.New("aws", w.start, func(s string) string { return strings.ReplaceAll(s, w.ID, "${ACCOUNT}") })
	s3 := map[string]string{"BucketName": "example-live", "FilterId": "EntireBucket"}
	// Every fourth data point of the S3 metrics never comes: they are best effort.
	w.AddMetric(awstest.Metric{Region: w.Region, Namespace: "AWS/S3", Name: "4xxErrors", Dimensions: s3,
		Delay: func(time.Time) time.Duration { return 58 * time.Second },
		Value: func(at time.Time) (float64, bool) {
			switch {
			case at.Minute()%4 == 3:
				return 0, false
			case at.Add(time.Minute).After(w.onset):
				return 30, true
			}
			return 2, true
		}})
	w.AddMetric(awstest.Metric{Region: watch.Global, Namespace: "AWS/CloudFront", Name: "Requests", Dimensions: map[string]string{"DistributionId": "E2EXAMPLE", "Region": "Global"},
		Value: func(time.Time) (float64, bool) { return 6000, true }})
	w.AddMetric(awstest.Metric{Region: watch.Global, Namespace: "AWS/CloudFront", Name: "CacheHitRate", Dimensions: map[string]string{"DistributionId": "E2EXAMPLE", "Region": "Global"},
		Value: func(time.Time) (float64, bool) { return 95, true }})
	w.AddMetric(awstest.Metric{Region: w.Region, Namespace: "AWS/MediaLive", Name: "ActiveOutputs", Dimensions: map[string]string{"ChannelId": "1234567", "Pipeline": "0", "OutputGroupName": "HLS"},
		Delay: func(time.Time) time.Duration { return 20 * time.Second },
		Value: func(at time.Time) (float64, bool) {
			if at.After(w.onset.Add(5 * time.Second)) {
				return 0, true
			}
			return 5, true
		}})
	w.AddAlarm(awstest.Alarm{Region: watch.Global, Name: "viewers see errors", Composite: true, States: []awstest.AlarmState{
		{At: w.start.Add(-time.Hour), State: "OK"}, {At: w.onset.Add(180 * time.Second), State: "ALARM"}, {At: w.onset.Add(300 * time.Second), State: "OK"}}})
	w.AddAlarm(awstest.Alarm{Region: w.Region, Name: "outputs", States: []awstest.AlarmState{{At: w.start.Add(-time.Hour), State: "OK"}}})
	w.AddAlarm(awstest.Alarm{Region: w.Region, Name: "viewers see errors", States: []awstest.AlarmState{{At: w.start, State: "ALARM"}}}) // in the wrong region
	w.AddAlert("1234567", awstest.Alert{ID: "a1", Type: "Failed to Create Output File or Socket", Pipeline: "0", Message: "403 from arn:aws:s3:::example-live of " + w.ID,
		Set: w.onset.Add(12 * time.Second), Cleared: w.onset.Add(70 * time.Second), Delay: 9 * time.Second})
	return w
}

// summary is a run of 250 s with a fault from the onset on.
func (w *watched) summary(m *reports.MonitorSummary) *reports.Summary {
	s := &reports.Summary{DurationS: 250, Faults: []reports.FaultSummary{{Name: "freeze", AppliedAtS: 100, ClearedAtS: 160, RecoveryEndS: 190}}}
	s.Faults[0].DetectionMs.Count, s.Faults[0].DetectionMs.P50 = 10, 4200
	s.Origin.Source = "none"
	monitor.Put(s, m)
	return s
}

func TestWatch(t *testing.T) {
	for _, page := range []int{0, 3} {
		synctest.Test(t, func(t *testing.T) {
			w := newWatched(t)
			w.PageMonitoring(page)
			watcher := w.open(t).Watch(w.monitor, w.cfg)
			if err := watcher.Begin(t.Context(), map[string]string{"viewers see errors": "which is to stop the run"}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithDeadline(t.Context(), w.start.Add(250*time.Second))
			defer cancel()
			watcher.Run(ctx, func() {})
			if w.monitor.Rings("viewers see errors") {
				t.Error("the alarm rings before it does")
			}
			watcher.Late(t.Context(), w.start.Add(250*time.Second), time.Time{}, 3*time.Minute)
			if !w.monitor.Rings("viewers see errors") || w.monitor.Rings("outputs") {
				t.Error("the alarm does not ring, or another one does")
			}
			m := w.monitor.Summary()
			if len(m.Problems) > 0 {
				t.Errorf("problems %q", m.Problems)
			}
			s := w.summary(m)
			var got []string
			for _, n := range s.Faults[0].Noticed {
				got = append(got, fmt.Sprintf("%s %s %v %v", n.Who, n.Name, n.After, n.Seen))
			}
			want := []string{
				"players detection, p50 4.2 4.2",
				"alert Failed to Create Output File or Socket of pipeline 0 12 ",
				"metric MediaLive outputs of pipeline 0 20 ",
				"metric S3 4xx 70 140", // the data point of its first minute never came,
				"alarm viewers see errors 180 ",
				"alarm outputs +Inf +Inf",
			}
			for _, x := range want {
				if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, x) }) {
					t.Errorf("%q was not noticed; got\n%s", x, strings.Join(got, "\n"))
				}
			}
			for i := range m.Metrics {
				r := &m.Metrics[i]
				if r.Name == "S3 4xx" && (r.DelayS < 58 || r.DelayMaxS > 58+30+1) {
					t.Errorf("S3's data points came %v (median) and at most %v after their period; want 58 s and at most a look later", r.DelayS, r.DelayMaxS)
				}
				if n := len(r.Points); r.Name == "S3 4xx" && (n == 0 || r.Points[0].T > -60 || r.Points[n-1].T+60 < 250) {
					t.Errorf("S3's data points are from %v to %v; want from before the run to its end", r.Points[0].T, r.Points[n-1].T)
				}
			}
			if o := s.Origin; o.Source != "cloudwatch" || math.Abs(float64(o.HitRatio)-0.95) > 1e-9 || len(o.Numbers) != 1 || o.Numbers[0].Requests != reports.Value(o.Requests) || o.Requests != 5*300 {
				t.Errorf("origin %+v", o)
			}
			for _, a := range m.Alerts {
				if strings.Contains(a.Message, w.ID) || a.Seen < 121 || a.Seen > 132 || a.Cleared != 170 {
					t.Errorf("alert %+v", a)
				}
			}
			for _, r := range w.Requests() {
				if r.Mutates {
					t.Errorf("%s %s changes something", r.Service, r.Op)
				}
			}
		})
	}
}

func TestWatchTroubles(t *testing.T) {
	for _, tc := range []struct {
		name    string
		mishap  func(n int, r awstest.Request) awstest.Mishap
		must    []string
		refused string // at the beginning
		problem string // noted
		rings   bool   // at the end
	}{
		{"nothing", nil, []string{"viewers see errors", "outputs"}, "", "alarm output does not exist in eu-west-1", true},
		{"no permission for metrics", func(_ int, r awstest.Request) awstest.Mishap {
			if r.Op == "GetMetricData" {
				return awstest.Denied
			}
			return awstest.Nothing
		}, []string{"outputs"}, "", "metrics in eu-west-1 cannot be read without the permission cloudwatch:GetMetricData", true},
		{"no permission for alerts and the channel", func(_ int, r awstest.Request) awstest.Mishap {
			if r.Op == "ListAlerts" || r.Op == "DescribeChannel" {
				return awstest.Denied
			}
			return awstest.Nothing
		}, nil, "", "alerts of channel 1234567 cannot be read without the permission medialive:ListAlerts", true},
		{"no permission for alarms", func(_ int, r awstest.Request) awstest.Mishap {
			if r.Op == "DescribeAlarms" {
				return awstest.Denied
			}
			return awstest.Nothing
		}, nil, "", "alarms in us-east-1 cannot be read without the permission cloudwatch:DescribeAlarms", false},
		{"no permission for an alarm that stops the run", func(_ int, r awstest.Request) awstest.Mishap {
			if r.Op == "DescribeAlarms" {
				return awstest.Denied
			}
			return awstest.Nothing
		}, []string{"outputs"}, "alarm outputs, which is to stop the run, cannot be read: alarms in", "", false},
		{"an alarm that is none", nil, []string{"output"}, "alarm output, which is to stop the run, does not exist", "", false},
		{"an alarm that rings already", nil, []string{"rings"}, "alarm rings, which is to stop the run, is in ALARM already: no fault may be added now", "", false},
		{"throttled two times of three", func(n int, r awstest.Request) awstest.Mishap {
			if n%3 != 0 {
				return awstest.Throttled
			}
			return awstest.Nothing
		}, []string{"outputs"}, "", "could not always be read: TooManyRequestsException", true},
		{"unavailable for a while", func(n int, r awstest.Request) awstest.Mishap {
			if n > 10 && n < 40 {
				return awstest.Unavailable
			}
			return awstest.Nothing
		}, []string{"outputs"}, "", "could not always be read: ", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatched(t)
				w.cfg.Alarms = append(w.cfg.Alarms, chaos.AlarmAWS{Name: "rings", Region: w.Region}, chaos.AlarmAWS{Name: "output", Region: w.Region})
				w.AddAlarm(awstest.Alarm{Region: w.Region, Name: "rings", States: []awstest.AlarmState{{At: w.start.Add(-time.Minute), State: "ALARM"}}})
				if tc.mishap != nil {
					n := 0
					w.Mishap = func(r awstest.Request) awstest.Mishap { n++; return tc.mishap(n, r) }
				}
				watcher := w.open(t).Watch(w.monitor, w.cfg)
				needed := map[string]string{}
				for _, name := range tc.must {
					needed[name] = "which is to stop the run"
				}
				err := watcher.Begin(t.Context(), needed)
				if got := fmt.Sprint(err); tc.refused == "" && err != nil || !strings.Contains(got, tc.refused) && tc.refused != "" {
					t.Fatalf("got %v; want %q", err, tc.refused)
				}
				if err != nil {
					return
				}
				ctx, cancel := context.WithDeadline(t.Context(), w.start.Add(395*time.Second))
				defer cancel()
				watcher.Run(ctx, func() {})
				if got := w.monitor.Rings("viewers see errors"); got != tc.rings {
					t.Errorf("rings: %v; want %v", got, tc.rings)
				}
				problems := strings.Join(w.monitor.Summary().Problems, "\n")
				if !strings.Contains(problems, tc.problem) || tc.problem == "" && problems != "" {
					t.Errorf("problems\n%s; want %q", problems, tc.problem)
				}
				if n := len(w.Requests()); n > 600 {
					t.Errorf("%d requests in 395 s", n)
				}
			})
		})
	}
}

// What is under test may come after the run, when every alarm has rung or none is
// watched.
func TestLateAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		w.cfg.Alarms = nil
		end := w.start.Add(250 * time.Second)
		w.AddAlert("1234567", awstest.Alert{ID: "a2", Type: "Late", Set: end.Add(240 * time.Second)})
		watcher := w.open(t).Watch(w.monitor, w.cfg)
		if err := watcher.Begin(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(end))
		watcher.Late(t.Context(), end, end.Add(250*time.Second), 5*time.Minute)
		m := w.monitor.Summary()
		if !slices.ContainsFunc(m.Alerts, func(a reports.AlertRecord) bool { return a.Type == "Late" }) {
			t.Errorf("the alert was not waited for: %+v", m.Alerts)
		}
	})
}

// The instants of AWS are those of a clock that may be ahead of this machine's.
func TestWatchClocksApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		w.Skew = 10 * time.Second
		a := w.open(t)
		if err := a.Identify(t.Context()); err != nil {
			t.Fatal(err)
		}
		watcher := a.Watch(w.monitor, w.cfg)
		if err := watcher.Begin(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(w.start.Add(250 * time.Second)))
		watcher.Late(t.Context(), w.start.Add(250*time.Second), time.Time{}, time.Second)
		if m := w.monitor.Summary(); len(m.Alerts) == 0 || math.Abs(float64(m.Alerts[0].Set)-102) > 1 {
			t.Errorf("got %+v; want an alert at 102 s, 112 s by AWS's clock", m.Alerts)
		}
	})
}
