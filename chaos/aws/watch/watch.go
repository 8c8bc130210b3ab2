package watch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/medialive"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/reports"
	"hlsload/reports/monitor"
)

// Config says what is watched, and with which clients.
type Config struct {
	AWS *chaos.AWS
	// CloudWatch returns the client of a region.
	CloudWatch func(region string) *cloudwatch.Client
	MediaLive  *medialive.Client
	Monitor    *monitor.Monitor
	Now        func() time.Time // nil = time.Now
	// Ahead is by how much AWS's clock is ahead of this machine's: the run's
	// instants are this machine's.
	Ahead time.Duration
	// AlarmsEvery, AlertsEvery and MetricsEvery are the pauses between looks;
	// 0 = 5s, 10s and 30s. After a failure they double, up to four times that.
	AlarmsEvery, AlertsEvery, MetricsEvery time.Duration
}

// Bounds.
const (
	// lookTime bounds one look.
	lookTime = 20 * time.Second
	// before is how much of the time before the run is read: what a metric is
	// like when nothing is wrong.
	before = 5 * time.Minute
	// settle is how old a data point has to be before it is held to be final:
	// younger ones are asked for again.
	settle = 5 * time.Minute
	// batch is how many metrics one request may ask for, and named how many
	// alarms.
	batch = 500
	named = 100
	// maxPages bounds one answer.
	maxPages = 50
)

// Watcher watches an account. Its methods are called one after another.
type Watcher struct {
	cfg     Config
	metrics []metric
	started time.Time
	denied  sync.Map // IAM action -> struct{}: not asked for again
}

// New returns a watcher. It sends no request.
func New(cfg Config) *Watcher {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	every := func(d *time.Duration, usual time.Duration) {
		if *d <= 0 {
			*d = usual
		}
	}
	every(&cfg.AlarmsEvery, 5*time.Second)
	every(&cfg.AlertsEvery, 10*time.Second)
	every(&cfg.MetricsEvery, 30*time.Second)
	return &Watcher{cfg: cfg}
}

// Anything reports whether a scenario names anything that can be watched.
func Anything(cfg *chaos.AWS) bool {
	return cfg != nil && (len(cfg.Alarms) > 0 || len(metricsOf(cfg, nil)) > 0)
}

// Calls are the calls that watching makes, for people and for a policy.
func Calls(cfg *chaos.AWS) []aws.Call {
	var all []aws.Call
	if len(metricsOf(cfg, nil)) > 0 {
		all = append(all, aws.Call{Action: "cloudwatch:GetMetricData", Resource: "*"})
	}
	if len(cfg.Alarms) > 0 {
		all = append(all, aws.Call{Action: "cloudwatch:DescribeAlarms", Resource: "*"})
	}
	if cfg.Channel != "" {
		frame := aws.NewFrame(cfg, nil)
		arn := frame.ARN("medialive", "channel:"+cfg.Channel)
		all = append(all, aws.Call{Action: "medialive:DescribeChannel", Resource: arn}, aws.Call{Action: "medialive:ListAlerts", Resource: arn})
	}
	return all
}

// Begin looks for the first time: what alarms there are and how they stand,
// which output groups the channel has, and what the metrics were before. The
// error says which of the alarms that the run needs, and why, cannot be
// watched or are in ALARM already.
func (w *Watcher) Begin(ctx context.Context, needed map[string]string) error {
	w.started = w.cfg.Now()
	w.metrics = metricsOf(w.cfg.AWS, w.outputs(ctx))
	for i := range w.metrics {
		w.metrics[i].series = w.cfg.Monitor.Series(w.metrics[i].MetricRecord)
	}
	if len(w.cfg.AWS.Alarms) > 0 {
		w.cfg.Monitor.Wants(reports.WatchedAlarms)
	}
	if w.cfg.AWS.Channel != "" && w.cfg.MediaLive != nil {
		w.cfg.Monitor.Wants(reports.WatchedAlerts)
	}
	err := w.alarms(ctx)
	w.alerts(ctx)
	w.read(ctx)
	if err == nil && !w.isDenied("cloudwatch:DescribeAlarms") {
		w.missing()
	}
	return w.guard(needed, err)
}

// missing notes the alarms that do not exist.
func (w *Watcher) missing() {
	m := w.cfg.Monitor.Summary()
	for _, a := range w.cfg.AWS.Alarms {
		if !slices.ContainsFunc(m.Alarms, func(r reports.AlarmRecord) bool { return r.Name == a.Name && r.Region == a.Region }) {
			w.cfg.Monitor.Missing(a.Name, a.Region)
		}
	}
}

// guard checks the alarms that a run may not go without.
func (w *Watcher) guard(needed map[string]string, looked error) error {
	var problems []error
	m := w.cfg.Monitor.Summary()
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		why := needed[name]
		i := slices.IndexFunc(m.Alarms, func(a reports.AlarmRecord) bool { return a.Name == name })
		switch {
		case i < 0 && looked != nil:
			problems = append(problems, fmt.Errorf("alarm %s, %s, cannot be read: %w", name, why, looked))
		case i < 0:
			problems = append(problems, fmt.Errorf("alarm %s, %s, does not exist (got none of that name in its region; want the name as CloudWatch has it)", name, why))
		case w.cfg.Monitor.Rings(name):
			problems = append(problems, fmt.Errorf("alarm %s, %s, is in ALARM already: no fault may be added now", name, why))
		}
	}
	return errors.Join(problems...)
}

// Run looks until ctx ends. guard is deferred by each of its goroutines.
func (w *Watcher) Run(ctx context.Context, guard func()) {
	var looks sync.WaitGroup
	for _, l := range []struct {
		every time.Duration
		look  func(context.Context) error
	}{{w.cfg.AlarmsEvery, w.alarms}, {w.cfg.AlertsEvery, w.alerts}, {w.cfg.MetricsEvery, w.read}} {
		looks.Go(func() {
			defer guard()
			again(ctx, l.every, l.look)
		})
	}
	looks.Wait()
}

// again looks from time to time, less often while it fails.
func again(ctx context.Context, every time.Duration, look func(context.Context) error) {
	pause := every
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if err := look(ctx); err != nil {
			pause = min(2*pause, 4*every) // an alarm may have to stop the run
		} else {
			pause = every
		}
		timer.Reset(pause)
	}
}

// silence is how long after a run an alarm that has not rung may still do so:
// most are evaluated once a minute over what came with a delay.
const silence = 2 * time.Minute

// Late goes on looking after the run has ended at an instant, until every
// metric that had data has them up to the end and no alarm is likely to ring
// any more, or ctx ends, or patience does. An alarm or alert under test may come
// until awaited.
func (w *Watcher) Late(ctx context.Context, end, awaited time.Time, patience time.Duration) {
	quiet := end.Add(silence)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_ = w.alarms(ctx)
		_ = w.alerts(ctx)
		err := w.read(ctx)
		if err == nil && w.complete(end) && !w.cfg.Now().Before(awaited) && (w.rung() || !w.cfg.Now().Before(quiet)) {
			return
		}
		select {
		case <-time.After(w.cfg.AlertsEvery):
		case <-ctx.Done():
			return
		}
	}
}

// rung reports whether every alarm rings, or has.
func (w *Watcher) rung() bool {
	m := w.cfg.Monitor.Summary()
	return !slices.ContainsFunc(m.Alarms, func(a reports.AlarmRecord) bool {
		return !slices.ContainsFunc(a.States, func(s reports.AlarmState) bool { return s.State == reports.AlarmRings })
	})
}

// complete reports whether metrics that had data have them up to an instant.
func (w *Watcher) complete(end time.Time) bool {
	m := w.cfg.Monitor.Summary()
	at := reports.Value(end.Sub(w.cfg.Monitor.Started()).Seconds())
	for i := range m.Metrics {
		r := &m.Metrics[i]
		if n := len(r.Points); n > 0 && r.Points[n-1].T+reports.Value(r.PeriodS) < at {
			return false
		}
	}
	return true
}
