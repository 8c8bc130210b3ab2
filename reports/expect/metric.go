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

	who      = cohortLabel | profileLabel
	when     = faultLabel | phaseLabel
	sessions = who | when | joinedLabel
	perFault = faultLabel | who | joinedLabel
)

var labelNames = []string{"fault", "cohort", "profile", "kind", "phase", "joined", "alarm", "alert"}

// metric is an entry of the registry: what can be asked for, not how it is
// measured.
type Metric struct {
	Name, About string
	Shape       shape
	unit        reports.Unit
	Labels      label
	live        bool  // of use in a stop condition
	Needs       label // that a term must carry
	// monitored: what a provider's monitoring noticed, which is known when the
	// watching has ended.
	Monitored bool
}

// metrics is the registry, in the order of the contract.
var Metrics = []*Metric{
	{Name: "startup", About: "request of the multivariant playlist to first media playable", Shape: Distribution, unit: reports.Milliseconds, Labels: sessions, live: true},
	{Name: "startup_failed", About: "sessions that ended by error before a first frame, or waited for more than 30 s", Shape: share, unit: reports.Fraction, Labels: sessions, live: true},
	{Name: "fatal", About: "sessions that the player gave up", Shape: share, unit: reports.Fraction, Labels: sessions, live: true},
	{Name: "stalled", About: "sessions that stalled at least once", Shape: share, unit: reports.Fraction, Labels: sessions, live: true},
	{Name: "stalled_now", About: "sessions that are stalled, of those present (for stop)", Shape: share, unit: reports.Fraction, Labels: who, live: true},
	{Name: "error_rate", About: "answers that were errors or never came, in the last 5 s (for stop)", Shape: share, unit: reports.Fraction, Labels: who | KindLabel, live: true},
	{Name: "stall", About: "how long stalls lasted", Shape: Distribution, unit: reports.Milliseconds, Labels: sessions, live: true},
	{Name: "rebuffer_ratio", About: "time stalled of the time stalled or played", Shape: share, unit: reports.Fraction, Labels: sessions, live: true},
	{Name: "live_latency", About: "wall clock behind the programme's date-time at the playhead", Shape: Distribution, unit: reports.Milliseconds, Labels: sessions, live: true},
	{Name: "bitrate", About: "BANDWIDTH of the variants of the segments appended", Shape: Distribution, unit: reports.BitRate, Labels: sessions, live: true},

	{Name: "detection", About: "onset to the first switch, exclusion or abandon decided because of the fault", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},
	{Name: "failover", About: "onset to media from something not under the fault, for every track", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},
	{Name: "outage", About: "time between onset and the end of recovery in which a session that wanted to play did not", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},
	{Name: "content_skipped", About: "media lost between onset and the end of recovery", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},
	{Name: "content_repeated", About: "media seen twice between onset and the end of recovery", Shape: Distribution, unit: reports.Milliseconds, Labels: perFault},

	{Name: "failed_over", About: "affected sessions that moved to something healthy and played on", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "healed", About: "affected sessions that never moved and got new media once the fault had ended", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "recovered", About: "failed_over and healed", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "left", About: "affected sessions that left, or had seen everything, before they recovered", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "never_recovered", About: "affected sessions with any other end", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "flapped_back", About: "affected sessions that went back to the faulty thing for media while it was faulty", Shape: share, unit: reports.Fraction, Labels: perFault},
	{Name: "affected", About: "sessions that the fault touched", Shape: Amount, unit: reports.Plain, Labels: perFault},

	{Name: "request_errors", About: "requests answered by an error or not at all", Shape: share, unit: reports.Fraction, Labels: sessions | KindLabel, live: true},
	{Name: "ttfb", About: "request sent to first byte", Shape: Distribution, unit: reports.Milliseconds, Labels: sessions | KindLabel, live: true},
	{Name: "requests", About: "requests of the players", Shape: Amount, unit: reports.Plain, Labels: sessions | KindLabel, live: true},

	{Name: "edge_rps", About: "requests to the CDN", Shape: Rate, unit: reports.PerSecond, Labels: when, live: true},
	{Name: "edge_bps", About: "body bits from the CDN", Shape: Rate, unit: reports.BitRate, Labels: when, live: true},
	{Name: "origin_rps", About: "requests to the origin", Shape: Rate, unit: reports.PerSecond, Labels: when, live: true},
	{Name: "origin_bps", About: "body bits from the origin", Shape: Rate, unit: reports.BitRate, Labels: when, live: true},
	{Name: "origin_amplification", About: "highest origin request rate over a target duration during fault and recovery, of the same in the baseline; the worst of the faults asked for", Shape: ratio, unit: reports.Plain, Labels: faultLabel},
	{Name: "hit_ratio", About: "part of the requests to the CDN that needed no request to the origin", Shape: share, unit: reports.Fraction, Labels: when, live: true},
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

// stats that a metric takes.
func (m *Metric) Stats() []reports.Stat {
	switch m.Shape {
	case Distribution:
		return []reports.Stat{reports.StatMin, reports.StatMean, reports.StatP50, reports.StatP90, reports.StatP95, reports.StatP99, reports.StatMax, reports.StatCount}
	case Rate:
		return []reports.Stat{reports.StatMean, reports.StatMax}
	}
	return nil
}

func (m *Metric) LabelNames() []string {
	var names []string
	for i, n := range labelNames {
		if m.Labels>>i&1 != 0 {
			names = append(names, n)
		}
	}
	return names
}

// phaseNames are the values of the label phase.
var PhaseNames = []string{"baseline", "fault", "recovery"}

// The values of the label joined.
const (
	JoinedBefore = "before"
	JoinedDuring = "during"
	JoinedAfter  = "after"
)

// Kind is distribution (a statistic is required), rate (mean or max), share,
// ratio or count.
func (m *Metric) Kind() string { return shapeNames[m.Shape] }

// Unit is duration, share, bit/s, 1/s or number.
func (m *Metric) Unit() string { return reports.UnitNames[m.unit] }

// StatNames are the statistics that the metric takes.
func (m *Metric) StatNames() (names []string) {
	for _, s := range m.Stats() {
		names = append(names, s.String())
	}
	return names
}
