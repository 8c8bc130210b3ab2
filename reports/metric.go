package reports

// Metric describes what an expectation may ask for.
type Metric struct {
	Name  string
	About string
	// Kind is distribution (a statistic is required), rate (mean or max),
	// share, ratio or count.
	Kind   string
	Unit   string   // duration, share, bit/s, 1/s, number
	Labels []string // that it takes
	Stats  []string // that it takes; nil = none
}

// shape is how a metric becomes a number.
type shape uint8

const (
	distribution shape = iota
	share              // part of a whole
	amount             // a count
	ratio              // a plain quotient
	rate               // of a series over time
)

var shapeNames = [...]string{"distribution", "share", "count", "ratio", "rate"}

// label is one that a term may carry.
type label uint16

const (
	faultLabel label = 1 << iota
	cohortLabel
	profileLabel
	kindLabel
	phaseLabel
	joinedLabel
	alarmLabel
	alertLabel

	who      = cohortLabel | profileLabel
	when     = faultLabel | phaseLabel
	sessions = who | when | joinedLabel
	perFault = faultLabel | who | joinedLabel
)

var labelNames = []string{"fault", "cohort", "profile", "kind", "phase", "joined", "alarm", "alert"}

// metric is an entry of the registry: what can be asked for, not how it is
// measured.
type metric struct {
	name, about string
	shape       shape
	unit        unit
	labels      label
	live        bool  // of use in a stop condition
	needs       label // that a term must carry
	// monitored: what a provider's monitoring noticed, which is known when the
	// watching has ended.
	monitored bool
}

// metrics is the registry, in the order of the contract.
var metrics = []*metric{
	{name: "startup", about: "request of the multivariant playlist to first media playable", shape: distribution, unit: duration, labels: sessions, live: true},
	{name: "startup_failed", about: "sessions that ended by error before a first frame, or waited for more than 30 s", shape: share, unit: fraction, labels: sessions, live: true},
	{name: "fatal", about: "sessions that the player gave up", shape: share, unit: fraction, labels: sessions, live: true},
	{name: "stalled", about: "sessions that stalled at least once", shape: share, unit: fraction, labels: sessions, live: true},
	{name: "stalled_now", about: "sessions that are stalled, of those present (for stop)", shape: share, unit: fraction, labels: who, live: true},
	{name: "error_rate", about: "answers that were errors or never came, in the last 5 s (for stop)", shape: share, unit: fraction, labels: who | kindLabel, live: true},
	{name: "stall", about: "how long stalls lasted", shape: distribution, unit: duration, labels: sessions, live: true},
	{name: "rebuffer_ratio", about: "time stalled of the time stalled or played", shape: share, unit: fraction, labels: sessions, live: true},
	{name: "live_latency", about: "wall clock behind the programme's date-time at the playhead", shape: distribution, unit: duration, labels: sessions, live: true},
	{name: "bitrate", about: "BANDWIDTH of the variants of the segments appended", shape: distribution, unit: bitrate, labels: sessions, live: true},

	{name: "detection", about: "onset to the first switch, exclusion or abandon decided because of the fault", shape: distribution, unit: duration, labels: perFault},
	{name: "failover", about: "onset to media from something not under the fault, for every track", shape: distribution, unit: duration, labels: perFault},
	{name: "outage", about: "time between onset and the end of recovery in which a session that wanted to play did not", shape: distribution, unit: duration, labels: perFault},
	{name: "content_skipped", about: "media lost between onset and the end of recovery", shape: distribution, unit: duration, labels: perFault},
	{name: "content_repeated", about: "media seen twice between onset and the end of recovery", shape: distribution, unit: duration, labels: perFault},

	{name: "failed_over", about: "affected sessions that moved to something healthy and played on", shape: share, unit: fraction, labels: perFault},
	{name: "healed", about: "affected sessions that never moved and got new media once the fault had ended", shape: share, unit: fraction, labels: perFault},
	{name: "recovered", about: "failed_over and healed", shape: share, unit: fraction, labels: perFault},
	{name: "left", about: "affected sessions that left, or had seen everything, before they recovered", shape: share, unit: fraction, labels: perFault},
	{name: "never_recovered", about: "affected sessions with any other end", shape: share, unit: fraction, labels: perFault},
	{name: "flapped_back", about: "affected sessions that went back to the faulty thing for media while it was faulty", shape: share, unit: fraction, labels: perFault},
	{name: "affected", about: "sessions that the fault touched", shape: amount, unit: number, labels: perFault},

	{name: "request_errors", about: "requests answered by an error or not at all", shape: share, unit: fraction, labels: sessions | kindLabel, live: true},
	{name: "ttfb", about: "request sent to first byte", shape: distribution, unit: duration, labels: sessions | kindLabel, live: true},
	{name: "requests", about: "requests of the players", shape: amount, unit: number, labels: sessions | kindLabel, live: true},

	{name: "edge_rps", about: "requests to the CDN", shape: rate, unit: perSecond, labels: when, live: true},
	{name: "edge_bps", about: "body bits from the CDN", shape: rate, unit: bitrate, labels: when, live: true},
	{name: "origin_rps", about: "requests to the origin", shape: rate, unit: perSecond, labels: when, live: true},
	{name: "origin_bps", about: "body bits from the origin", shape: rate, unit: bitrate, labels: when, live: true},
	{name: "origin_amplification", about: "highest origin request rate over a target duration during fault and recovery, of the same in the baseline; the worst of the faults asked for", shape: ratio, unit: number, labels: faultLabel},
	{name: "hit_ratio", about: "part of the requests to the CDN that needed no request to the origin", shape: share, unit: fraction, labels: when, live: true},
	{name: "alarm_delay", about: "onset of a fault to the state ALARM of an alarm of aws.alarms, by the provider's clock", shape: distribution, unit: duration, labels: faultLabel | alarmLabel, needs: alarmLabel, monitored: true},
	{name: "alert_delay", about: "onset of a fault to the first alert of a type from the channel, by the provider's clock", shape: distribution, unit: duration, labels: faultLabel | alertLabel, needs: alertLabel, monitored: true},
	{name: "other_alarms", about: "alarms and alerts during the run that no alarm_delay or alert_delay names for the fault that was on", shape: amount, unit: number, labels: faultLabel, monitored: true},
	{name: "tester_lag", about: "request due to request sent: the tool's own delay", shape: distribution, unit: duration, labels: sessions | kindLabel, live: true},
}

func metricNamed(name string) *metric {
	for _, m := range metrics {
		if m.name == name {
			return m
		}
	}
	return nil
}

// stats that a metric takes.
func (m *metric) stats() []stat {
	switch m.shape {
	case distribution:
		return []stat{statMin, statMean, statP50, statP90, statP95, statP99, statMax, statCount}
	case rate:
		return []stat{statMean, statMax}
	}
	return nil
}

// Metrics lists what expectations and stop conditions may ask for.
func Metrics() []Metric {
	var all []Metric
	for _, m := range metrics {
		d := Metric{Name: m.name, About: m.about, Kind: shapeNames[m.shape], Unit: unitNames[m.unit], Labels: m.labelNames()}
		for _, s := range m.stats() {
			d.Stats = append(d.Stats, s.String())
		}
		all = append(all, d)
	}
	return all
}

func (m *metric) labelNames() []string {
	var names []string
	for i, n := range labelNames {
		if m.labels>>i&1 != 0 {
			names = append(names, n)
		}
	}
	return names
}

// The values of the label joined.
const (
	joinedBefore = "before"
	joinedDuring = "during"
	joinedAfter  = "after"
)
