package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/medialive"
	"github.com/aws/smithy-go"

	"hlsload/reports"
)

// outputs are the names of the channel's output groups.
func (w *Watcher) outputs(ctx context.Context) []string {
	const action = "medialive:DescribeChannel"
	if w.cfg.AWS.Channel == "" || w.cfg.MediaLive == nil {
		return nil
	}
	look, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	out, err := w.cfg.MediaLive.DescribeChannel(look, &medialive.DescribeChannelInput{ChannelId: &w.cfg.AWS.Channel})
	if err != nil {
		_ = w.problem(ctx, action, "the output groups of the channel", err)
		return nil
	}
	var names []string
	if out.EncoderSettings != nil {
		for i := range out.EncoderSettings.OutputGroups {
			if n := sdk.ToString(out.EncoderSettings.OutputGroups[i].Name); n != "" && len(names) < 20 {
				names = append(names, n)
			}
		}
	}
	return names
}

// alarms looks at the states of the alarms.
func (w *Watcher) alarms(ctx context.Context) error {
	const action = "cloudwatch:DescribeAlarms"
	if len(w.cfg.AWS.Alarms) == 0 || w.isDenied(action) {
		return nil
	}
	var problems []error
	seen := w.cfg.Now()
	for _, region := range regionsOf(nil, w.cfg.AWS.Alarms) {
		var names []string
		for _, a := range w.cfg.AWS.Alarms {
			if a.Region == region {
				names = append(names, a.Name)
			}
		}
		for some := range slices.Chunk(names, named) {
			if err := w.describe(ctx, region, some); err != nil {
				problems = append(problems, w.problem(ctx, action, "alarms in "+region, err))
			}
		}
	}
	if len(problems) == 0 { // those of every region
		w.cfg.Monitor.Looked(reports.WatchedAlarms, seen)
	}
	return errors.Join(problems...)
}

func (w *Watcher) describe(ctx context.Context, region string, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	in := &cloudwatch.DescribeAlarmsInput{AlarmNames: names, AlarmTypes: []cw.AlarmType{cw.AlarmTypeMetricAlarm, cw.AlarmTypeCompositeAlarm}}
	for range maxPages {
		out, err := w.cfg.CloudWatch(region).DescribeAlarms(ctx, in)
		if err != nil {
			return err
		}
		seen := w.cfg.Now()
		note := func(name *string, state cw.StateValue, transitioned, updated *time.Time, reason *string) {
			at := transitioned
			if at == nil {
				at = updated
			}
			w.cfg.Monitor.Alarm(sdk.ToString(name), region, string(state), w.local(at), seen, sdk.ToString(reason))
		}
		for i := range out.MetricAlarms {
			a := &out.MetricAlarms[i]
			note(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp, a.StateReason)
		}
		for i := range out.CompositeAlarms {
			a := &out.CompositeAlarms[i]
			note(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp, a.StateReason)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return nil
		}
	}
	return nil
}

// alerts looks at the alerts of the channel, those that are cleared included.
func (w *Watcher) alerts(ctx context.Context) error {
	const action = "medialive:ListAlerts"
	if w.cfg.AWS.Channel == "" || w.cfg.MediaLive == nil || w.isDenied(action) {
		return nil
	}
	look, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	in := &medialive.ListAlertsInput{ChannelId: &w.cfg.AWS.Channel, StateFilter: sdk.String("ALL"), MaxResults: sdk.Int32(100)}
	for range maxPages {
		out, err := w.cfg.MediaLive.ListAlerts(look, in)
		if err != nil {
			return w.problem(ctx, action, "alerts of channel "+w.cfg.AWS.Channel, err)
		}
		seen := w.cfg.Now()
		for i := range out.Alerts {
			a := &out.Alerts[i]
			w.cfg.Monitor.Alert(sdk.ToString(a.Id), sdk.ToString(a.AlertType), strings.TrimPrefix(sdk.ToString(a.PipelineId), "PIPELINE_"), sdk.ToString(a.Message),
				w.local(a.SetTimestamp), w.local(a.ClearedTimestamp), seen)
		}
		w.cfg.Monitor.Looked(reports.WatchedAlerts, seen)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return nil
		}
	}
	return nil
}

// read reads the metrics.
func (w *Watcher) read(ctx context.Context) error {
	const action = "cloudwatch:GetMetricData"
	if len(w.metrics) == 0 || w.isDenied(action) {
		return nil
	}
	var problems []error
	for _, region := range regionsOf(w.metrics, nil) {
		var some []metric
		for i := range w.metrics {
			if w.metrics[i].Region == region {
				some = append(some, w.metrics[i])
			}
		}
		for part := range slices.Chunk(some, batch) {
			if err := w.data(ctx, region, part); err != nil {
				problems = append(problems, w.problem(ctx, action, "metrics in "+region, err))
			}
		}
	}
	return errors.Join(problems...)
}

// data reads some metrics of one region: from before the run at first, then
// what may still change.
func (w *Watcher) data(ctx context.Context, region string, metrics []metric) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	now := w.cfg.Now()
	from := w.started.Add(-before)
	if t := now.Add(-settle - 2*minute*time.Second); t.After(from) {
		from = t
	}
	in := &cloudwatch.GetMetricDataInput{StartTime: sdk.Time(from.UTC().Truncate(minute * time.Second)), EndTime: sdk.Time(now.UTC().Add(time.Second)), ScanBy: cw.ScanByTimestampAscending}
	for i := range metrics {
		m := &metrics[i]
		var dimensions []cw.Dimension
		for _, name := range sortedKeys(m.Dimensions) {
			dimensions = append(dimensions, cw.Dimension{Name: sdk.String(name), Value: sdk.String(m.Dimensions[name])})
		}
		in.MetricDataQueries = append(in.MetricDataQueries, cw.MetricDataQuery{
			Id: sdk.String(fmt.Sprintf("m%d", i)),
			MetricStat: &cw.MetricStat{
				Metric: &cw.Metric{Namespace: sdk.String(m.Namespace), MetricName: sdk.String(m.Metric), Dimensions: dimensions},
				Period: sdk.Int32(int32(m.PeriodS)), Stat: sdk.String(m.Stat),
			},
		})
	}
	for range maxPages {
		out, err := w.cfg.CloudWatch(region).GetMetricData(ctx, in)
		if err != nil {
			return err
		}
		seen := w.cfg.Now()
		for i := range out.MetricDataResults {
			r := &out.MetricDataResults[i]
			var n int
			if _, err := fmt.Sscanf(sdk.ToString(r.Id), "m%d", &n); err != nil || n < 0 || n >= len(metrics) {
				continue
			}
			for k := range min(len(r.Timestamps), len(r.Values)) {
				w.cfg.Monitor.Point(metrics[n].series, w.local(&r.Timestamps[k]), r.Values[k], seen)
			}
		}
		w.cfg.Monitor.Looked(reports.WatchedMetrics, seen)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return nil
		}
	}
	return nil
}

// local is an instant of AWS by this machine's clock; zero when there is none.
func (w *Watcher) local(at *time.Time) time.Time {
	if at == nil || at.IsZero() {
		return time.Time{}
	}
	return at.Add(-w.cfg.Ahead)
}

func (w *Watcher) isDenied(action string) bool {
	_, denied := w.denied.Load(action)
	return denied
}

// problem notes what could not be looked at, once; what is not allowed is not
// asked for again. It returns the error, after which the next look waits longer.
func (w *Watcher) problem(ctx context.Context, action, what string, err error) error {
	var api smithy.APIError
	switch {
	case ctx.Err() != nil:
		return err // we were told to end
	case errors.As(err, &api):
		code := api.ErrorCode()
		if strings.Contains(code, "AccessDenied") || strings.Contains(code, "UnauthorizedOperation") || code == "NotAuthorized" {
			w.denied.Store(action, struct{}{})
			w.cfg.Monitor.Problem(fmt.Sprintf("%s cannot be read without the permission %s", what, action))
			return fmt.Errorf("%s: not allowed (want the permission %s)", what, action)
		}
		w.cfg.Monitor.Problem(fmt.Sprintf("%s could not always be read: %s", what, code))
		return fmt.Errorf("%s: %s: %s", what, code, api.ErrorMessage())
	}
	w.cfg.Monitor.Problem(fmt.Sprintf("%s could not always be read: no answer", what))
	return fmt.Errorf("%s: %w", what, err)
}
