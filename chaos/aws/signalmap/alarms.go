package signalmap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"hlsload/chaos"
)

// global is the region of CloudFront's alarms.
const global = "us-east-1"

// alarms finds the alarms on what was found, and the composite alarms made of
// them.
func (f *finder) alarms(ctx context.Context) {
	if len(f.given.Alarms) > 0 {
		return
	}
	var all []chaos.AlarmAWS
	regions := []string{f.AWS.Region}
	if f.AWS.Region != global {
		regions = append(regions, global)
	}
	for _, region := range regions {
		metric, composite, err := f.describe(ctx, region)
		if err != nil {
			f.failed("cloudwatch:DescribeAlarms", "alarms in "+region, "aws.alarms", err)
			continue
		}
		var names []string
		for i := range metric {
			if a := &metric[i]; f.concerns(a) {
				names = append(names, sdk.ToString(a.AlarmName))
			}
		}
		// A composite alarm may be made of composite ones.
		for grown := true; grown; {
			grown = false
			for i := range composite {
				name := sdk.ToString(composite[i].AlarmName)
				if !slices.Contains(names, name) && slices.ContainsFunc(names, func(part string) bool { return madeOf(sdk.ToString(composite[i].AlarmRule), part) }) {
					names, grown = append(names, name), true
				}
			}
		}
		for _, name := range names {
			switch {
			case len(all) == maxAlarms:
				f.problem("more than %d alarms watch this channel (want those that matter in aws.alarms)", maxAlarms)
				return
			case slices.ContainsFunc(all, func(a chaos.AlarmAWS) bool { return a.Name == name }):
				f.problem("an alarm of the name %s is in two regions (want the one that matters in aws.alarms)", name)
			default:
				all = append(all, chaos.AlarmAWS{Name: name, Region: region})
				f.line("alarm", "%s, %s", name, region)
			}
		}
	}
	f.AWS.Alarms = all
	if len(all) == 0 {
		f.problem("no alarm watches the channel, its origin or its distribution: viewers would notice a fault first")
	}
}

// perPage is how many alarms one answer may have.
const perPage = 100

func (f *finder) describe(ctx context.Context, region string) (metric []cw.MetricAlarm, composite []cw.CompositeAlarm, err error) {
	in := &cloudwatch.DescribeAlarmsInput{AlarmTypes: []cw.AlarmType{cw.AlarmTypeMetricAlarm, cw.AlarmTypeCompositeAlarm}, MaxRecords: sdk.Int32(perPage)}
	for range maxPages {
		out, err := f.c.CloudWatch(region).DescribeAlarms(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		metric, composite = append(metric, out.MetricAlarms...), append(composite, out.CompositeAlarms...)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return metric, composite, nil
		}
	}
	f.problem("there are more than %d alarms in %s, and not all were looked at (want those that matter in aws.alarms)", len(metric)+len(composite), region)
	return metric, composite, nil
}

// concerns reports whether one of an alarm's metrics is of something on the
// channel's path.
func (f *finder) concerns(a *cw.MetricAlarm) bool {
	if f.ours(a.Dimensions) {
		return true
	}
	for i := range a.Metrics {
		if s := a.Metrics[i].MetricStat; s != nil && s.Metric != nil && f.ours(s.Metric.Dimensions) {
			return true
		}
	}
	return false
}

// ours reports whether dimensions name something on the channel's path.
func (f *finder) ours(dimensions []cw.Dimension) bool {
	at := map[string]string{}
	for _, d := range dimensions {
		at[sdk.ToString(d.Name)] = sdk.ToString(d.Value)
	}
	is := func(name, value string) bool { return value != "" && at[name] == value }
	return is("ChannelId", f.AWS.Channel) || is("DistributionId", f.AWS.Distribution) || is("BucketName", f.AWS.Bucket) || is("FunctionName", f.AWS.Function) ||
		is("ChannelGroup", f.AWS.Package.Group) && is("Channel", f.AWS.Package.Channel) || is("FlowARN", f.AWS.Flow.ARN)
}

// madeOf reports whether the rule of a composite alarm names an alarm.
func madeOf(rule, name string) bool {
	for _, quote := range []string{`"`, `'`} {
		if strings.Contains(rule, quote+name+quote) || strings.Contains(rule, ":alarm:"+name+quote) {
			return true
		}
	}
	return strings.Contains(rule, "("+name+")") || strings.Contains(rule, fmt.Sprintf(":alarm:%s)", name))
}
