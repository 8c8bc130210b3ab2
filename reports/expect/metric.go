package expect

import "hlsload/reports"

// shape is how a metric becomes a number.
type shape uint8

const (
	Distribution shape = iota
	share              // part of a whole
	Amount             // a count
	ratio              // a plain quotient
	Rate               // of a series over time
)

var shapeNames = [...]string{"distribution", "share", "count", "ratio", "rate"}

// label is one that a term may carry.
type label uint16

const (
	faultLabel label = 1 << iota
	cohortLabel
	profileLabel
	KindLabel
	phaseLabel
	joinedLabel
	AlarmLabel
	AlertLabel
	eachLabel

	audience = cohortLabel | profileLabel
	when     = faultLabel | phaseLabel
	sessions = audience | when | joinedLabel | eachLabel
	load     = when | eachLabel
	perFault = faultLabel | audience | joinedLabel
)

var labelNames = []string{"fault", "cohort", "profile", "kind", "phase", "joined", "alarm", "alert", EachLabel}

// Metric is an entry of the registry: what can be asked for, not how it is
// measured.
type Metric struct {
	Name, About string
	Shape       shape
	unit        reports.Unit
	Labels      label
	live        bool  // a stop condition may ask for it
	Needs       label // that a term must carry
	// Monitored: a provider's monitoring notices it, so it is known when the
	// watching has ended.
	Monitored bool
}

// LatencyDrift is the metric of a stream that falls behind.
const LatencyDrift = "live_latency_drift"

// Metrics is the registry, in the order of the contract.
var Metrics = []*Metric{
	{Name: "startup", About: "request of the multivariant playlist to first media playable", Shape: Distribution, unit: reports.Milliseconds, Labels: sessions, live: true},
	{Name: "startup_failed", About: "sessions that ended by error before a first frame, or waited for more than 30 s", Shape: share, unit: reports.Fraction, Labels: sessions, live: true},
	{Name: "fatal", About: "sessions that the player gave up", Shape: share, unit: reports.Fraction, Labels: sessions, live: true},
	{Name: "stalled", About: "sessions that stalled at least once", Shape: share, unit: reports.Fraction, Labels: sessions, live: true},
	{Name: "stalled_now", About: "sessions that are stalled, of those present (for stop)", Shape: share, unit: reports.Fraction, Labels: audience, live: true},
	{Name: "error_rate", About: "answers that were errors or never came, in the last 5 s (for stop)", Shape: share, unit: reports.Fraction, Labels: audience | KindLabel, live: true},
	{Name: "stall", About: "how long stalls lasted", Shape: Distribution, unit: reports.Milliseconds, Labels: sessions, live: true},
	{Name: "rebuffer_ratio", About: "time stalled of the time stalled or played", Shape: share, unit: reports.Fraction, Labels: sessions, live: true},
	{Name: "live_latency", About: "wall clock behind the programme's date-time at the playhead", Shape: Distribution, unit: reports.Milliseconds, Labels: sessions, live: true},
	{Name: LatencyDrift, About: "by how much live_latency grows in a day, of the cohort where it grows most: the slope through the medians of five minutes (of a run of less than two hours: of its 24th parts), 0 when it may be chance (p ≥ 0.001)", Shape: ratio, unit: reports.Milliseconds, Labels: audience},
	{Name: "bitrate", About: "BANDWIDTH of the variants of the segments appended", Shape: Distribution, unit: reports.BitRate, Labels: sessions, live: true},

	{Name: "detection", About: "onset to the first switch, exclusion or abandon decided because of the fault; of sessions that joined during it, from their first request that met it", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},
	{Name: "failover", About: "onset to media from something not under the fault, for every track; of sessions that joined during it, from their first request that met it", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},
	{Name: "outage", About: "time between onset (for sessions that joined during the fault: their first request that met it) and the end of recovery in which a session that wanted to play did not", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},
	{Name: "content_skipped", About: "media lost between onset and the end of recovery", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},
	{Name: "content_repeated", About: "media seen twice between onset and the end of recovery", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},

	{Name: "failed_over", About: "affected sessions that moved to something healthy and played on, of those that did not leave", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "healed", About: "affected sessions that never moved and got new media once the fault had ended, of those that did not leave", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "recovered", About: "failed_over and healed", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "left", About: "affected sessions that left, or had seen everything, before they recovered, of all affected", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "never_recovered", About: "affected sessions with any other end, of those that did not leave", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "flapped_back", About: "affected sessions that went back to the faulty thing for media while it was faulty, of those that did not leave", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "affected", About: "sessions that the fault touched", Shape: Amount, unit: reports.Plain, Labels: perFault},

	{Name: "request_errors", About: "requests answered by an error or not at all", Shape: share, unit: reports.Fraction, Labels: sessions | KindLabel, live: true},
	{Name: "ttfb", About: "request sent to first byte", Shape: Distribution, unit: reports.Milliseconds, Labels: sessions | KindLabel, live: true},
	{Name: "requests", About: "requests of the players", Shape: Amount, unit: reports.Plain, Labels: sessions | KindLabel, live: true},

	{Name: "edge_rps", About: "requests to the CDN", Shape: Rate, unit: reports.PerSecond, Labels: load, live: true},
	{Name: "edge_bps", About: "body bits from the CDN", Shape: Rate, unit: reports.BitRate, Labels: load, live: true},
	{Name: "origin_rps", About: "requests to the origin", Shape: Rate, unit: reports.PerSecond, Labels: load, live: true},
	{Name: "origin_bps", About: "body bits from the origin", Shape: Rate, unit: reports.BitRate, Labels: load, live: true},
	{Name: "origin_amplification", About: "highest origin request rate over a target duration during fault and recovery, of the same in the baseline; the worst of the faults asked for", Shape: ratio, unit: reports.Plain, Labels: faultLabel},
	{Name: "edge_amplification", About: "requests to the CDN in the busiest second of fault and recovery, of the same in the baseline; the worst of the faults asked for", Shape: ratio, unit: reports.Plain, Labels: faultLabel},
	{Name: "error_rps", About: "failed requests of the players: error answers, timeouts, broken connections", Shape: Rate, unit: reports.PerSecond, Labels: load, live: true},
	{Name: "hit_ratio", About: "part of the requests to the CDN that needed no request to the origin", Shape: share, unit: reports.Fraction, Labels: load, live: true},
	{Name: "alarm_delay", About: "onset of a fault to the state ALARM of an alarm of aws.alarms, by the provider's clock", Shape: Distribution, unit: reports.Milliseconds, Labels: faultLabel | AlarmLabel, Needs: AlarmLabel, Monitored: true},
	{Name: "alert_delay", About: "onset of a fault to the first alert of a type from the channel, by the provider's clock", Shape: Distribution, unit: reports.Milliseconds, Labels: faultLabel | AlertLabel, Needs: AlertLabel, Monitored: true},
	{Name: "other_alarms", About: "alarms and alerts during the run that no alarm_delay or alert_delay names for the fault that was on", Shape: Amount, unit: reports.Plain, Labels: faultLabel, Monitored: true},
	{Name: "tester_lag", About: "request due to request sent: the tool's own delay", Shape: Distribution, unit: reports.Milliseconds, Labels: sessions | KindLabel, live: true},
}

func metricNamed(name string) *Metric {
	for _, m := range Metrics {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// StatNames are the names of the statistics that the metric takes; nil = it is one
// number.
func (m *Metric) StatNames() []string {
	switch m.Shape {
	case Distribution:
		return reports.StatNames[1:]
	case Rate:
		return []string{reports.StatMean.String(), reports.StatMax.String()}
	}
	return nil
}

// LabelNames are the labels that a term may carry.
func (m *Metric) LabelNames() []string {
	var names []string
	for i, n := range labelNames {
		if m.Labels>>i&1 != 0 {
			names = append(names, n)
		}
	}
	return names
}

// PhaseNames are the values of the label phase.
var PhaseNames = []string{"baseline", "fault", "recovery"}

// The values of the label joined.
const (
	JoinedBefore = "before"
	JoinedDuring = "during"
	JoinedAfter  = "after"
)

// Unit is duration, share, bit/s, 1/s or number.
func (m *Metric) Unit() string { return reports.UnitNames[m.unit] }
