package watch

import (
	"fmt"
	"maps"
	"slices"

	"hlsload/chaos"
	"hlsload/reports"
)

// Global is the region in which CloudFront's metrics and alarms live.
const Global = "us-east-1"

// Periods of metrics, in seconds: the finest that the services publish.
const (
	minute = 60
	tenths = 10 // MediaLive, one data point per 10 s
)

// metric is one metric to read.
type metric struct {
	reports.MetricRecord
	series int // in the monitor
}

// metricsOf are the metrics of what a scenario names. outputs are the names of
// the channel's output groups, which only its description has.
func metricsOf(cfg *chaos.AWS, outputs []string) []metric {
	var all []metric
	add := func(region, namespace, name, stat string, period int, turns, people string, dimensions map[string]string) {
		all = append(all, metric{MetricRecord: reports.MetricRecord{Name: people, Namespace: namespace, Metric: name, Stat: stat,
			Dimensions: dimensions, Region: region, PeriodS: period, Turns: turns}})
	}
	with := func(base map[string]string, more ...string) map[string]string {
		m := maps.Clone(base)
		for i := 0; i+1 < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	if cfg.Distribution != "" {
		d := map[string]string{"DistributionId": cfg.Distribution, "Region": "Global"}
		const ns = "AWS/CloudFront"
		add(Global, ns, "Requests", "Sum", minute, "", "CloudFront requests", d)
		add(Global, ns, "BytesDownloaded", "Sum", minute, "", "CloudFront bytes", d)
		add(Global, ns, "4xxErrorRate", "Average", minute, reports.TurnsUp, "CloudFront 4xx", d)
		add(Global, ns, "5xxErrorRate", "Average", minute, reports.TurnsUp, "CloudFront 5xx", d)
		// These two cost extra and exist where a monitoring subscription is on.
		add(Global, ns, "CacheHitRate", "Average", minute, "", "CloudFront hit rate", d)
		add(Global, ns, "OriginLatency", "p90", minute, reports.TurnsUp, "CloudFront origin latency", d)
	}
	if cfg.Bucket != "" {
		d := map[string]string{"BucketName": cfg.Bucket, "FilterId": cfg.MetricsFilter()}
		const ns = "AWS/S3"
		add(cfg.Region, ns, "4xxErrors", "Sum", minute, reports.TurnsUp, "S3 4xx", d)
		add(cfg.Region, ns, "5xxErrors", "Sum", minute, reports.TurnsUp, "S3 5xx", d)
		add(cfg.Region, ns, "GetRequests", "Sum", minute, "", "S3 GETs", d)
		add(cfg.Region, ns, "PutRequests", "Sum", minute, reports.TurnsDown, "S3 PUTs", d)
		add(cfg.Region, ns, "DeleteRequests", "Sum", minute, "", "S3 DELETEs", d)
	}
	if cfg.Channel != "" {
		const ns = "AWS/MediaLive"
		for _, pipeline := range []string{"0", "1"} {
			d := map[string]string{"ChannelId": cfg.Channel, "Pipeline": pipeline}
			people := func(what string) string { return fmt.Sprintf("MediaLive %s of pipeline %s", what, pipeline) }
			add(cfg.Region, ns, "ActiveAlerts", "Maximum", tenths, reports.TurnsUp, people("alerts"), d)
			add(cfg.Region, ns, "InputVideoFrameRate", "Average", tenths, reports.TurnsDown, people("frame rate"), d)
			add(cfg.Region, ns, "FillMsec", "Maximum", tenths, reports.TurnsUp, people("filler"), d)
			add(cfg.Region, ns, "NetworkOut", "Average", tenths, reports.TurnsDown, people("network out"), d)
			for _, group := range outputs {
				to := ""
				if len(outputs) > 1 {
					to = " to " + group
				}
				g := with(d, "OutputGroupName", group)
				add(cfg.Region, ns, "ActiveOutputs", "Minimum", tenths, reports.TurnsDown, people("outputs")+to, g)
				add(cfg.Region, ns, "Output4xxErrors", "Sum", tenths, reports.TurnsUp, people("output 4xx")+to, g)
				add(cfg.Region, ns, "Output5xxErrors", "Sum", tenths, reports.TurnsUp, people("output 5xx")+to, g)
			}
		}
	}
	if p := cfg.Package; p.Channel != "" {
		const ns = "AWS/MediaPackage"
		d := map[string]string{"ChannelGroup": p.Group, "Channel": p.Channel}
		add(cfg.Region, ns, "IngressBytes", "Sum", minute, reports.TurnsDown, "MediaPackage ingress", d)
		if p.Endpoint != "" {
			e := with(d, "OriginEndpoint", p.Endpoint)
			add(cfg.Region, ns, "EgressRequestCount", "Sum", minute, "", "MediaPackage requests", e)
			add(cfg.Region, ns, "EgressResponseTime", "Average", minute, reports.TurnsUp, "MediaPackage response time", e)
			// v1 calls the dimension StatusCodeRange; what v2 calls it is not
			// documented. The one that is wrong has no data.
			for _, class := range []string{"4xx", "5xx"} {
				add(cfg.Region, ns, "EgressRequestCount", "Sum", minute, reports.TurnsUp, "MediaPackage "+class, with(e, "StatusCode", class))
				add(cfg.Region, ns, "EgressRequestCount", "Sum", minute, reports.TurnsUp, "MediaPackage "+class+" (by range)", with(e, "StatusCodeRange", class))
			}
		}
	}
	if cfg.Function != "" {
		d := map[string]string{"FunctionName": cfg.Function}
		const ns = "AWS/Lambda"
		add(cfg.Region, ns, "Invocations", "Sum", minute, "", "invalidator runs", d)
		add(cfg.Region, ns, "Errors", "Sum", minute, reports.TurnsUp, "invalidator errors", d)
		add(cfg.Region, ns, "Throttles", "Sum", minute, reports.TurnsUp, "invalidator throttled", d)
	}
	return all
}

// regionsOf are the regions of metrics or alarms, each once.
func regionsOf(metrics []metric, alarms []chaos.AlarmAWS) []string {
	set := map[string]bool{}
	for i := range metrics {
		set[metrics[i].Region] = true
	}
	for _, a := range alarms {
		set[a.Region] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
