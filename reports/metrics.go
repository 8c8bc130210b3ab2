package reports

import "hlsload/player/m3u8"

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

// metric is an entry of the registry. One of the functions is set.
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

	// parts gives numerator and denominator over the cells, slots and totals
	// that the filter selects.
	parts func(v *view, f *filter) (num, den int64)
	// dist gives a distribution, and how many sessions it never happened to.
	dist func(v *view, f *filter) (Histogram, int64)
	// series is the load it is the rate of.
	series series
	value  func(v *view, f *filter) Value
}

// metrics is the registry, in the order of the contract.
var metrics = []*metric{
	{name: "startup", about: "request of the multivariant playlist to first media playable", shape: distribution, unit: duration, labels: sessions, live: true,
		dist: cellHistogram(func(c *cell) *Histogram { return &c.startup })},
	{name: "startup_failed", about: "sessions that ended by error before a first frame, or waited for more than 30 s", shape: share, unit: fraction, labels: sessions, live: true,
		parts: sessionShare(func(g *group) int64 { return g.startupFailed }, func(s *slot) int64 { return s.startupFailed })},
	{name: "fatal", about: "sessions that the player gave up", shape: share, unit: fraction, labels: sessions, live: true,
		parts: sessionShare(func(g *group) int64 { return g.fatal }, func(s *slot) int64 { return s.fatal })},
	{name: "stalled", about: "sessions that stalled at least once", shape: share, unit: fraction, labels: sessions, live: true,
		parts: sessionShare(func(g *group) int64 { return g.everStalled }, func(s *slot) int64 { return s.stalled })},
	{name: "stalled_now", about: "sessions that are stalled, of those present (for stop)", shape: share, unit: fraction, labels: who, live: true,
		parts: stalledNow},
	{name: "error_rate", about: "answers that were errors or never came, in the last 5 s (for stop)", shape: share, unit: fraction, labels: who | kindLabel, live: true,
		parts: requestParts(func(r *requests) (int64, int64) { return r.errors, r.answers })},
	{name: "stall", about: "how long stalls lasted", shape: distribution, unit: duration, labels: sessions, live: true,
		dist: cellHistogram(func(c *cell) *Histogram { return &c.stall })},
	{name: "rebuffer_ratio", about: "time stalled of the time stalled or played", shape: share, unit: fraction, labels: sessions, live: true,
		parts: cellParts(func(c *cell) (int64, int64) { return int64(c.stalled), int64(c.stalled + c.played) })},
	{name: "live_latency", about: "wall clock behind the programme's date-time at the playhead", shape: distribution, unit: duration, labels: sessions, live: true,
		dist: cellHistogram(func(c *cell) *Histogram { return &c.latency })},
	{name: "bitrate", about: "BANDWIDTH of the variants of the segments appended", shape: distribution, unit: bitrate, labels: sessions, live: true,
		dist: cellHistogram(func(c *cell) *Histogram { return &c.bitrate })},

	{name: "detection", about: "onset to the first switch, exclusion or abandon decided because of the fault", shape: distribution, unit: duration, labels: perFault,
		dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.detection, n.undetected })},
	{name: "failover", about: "onset to media from something not under the fault, for every track", shape: distribution, unit: duration, labels: perFault,
		dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.failover, n.unmoved })},
	{name: "outage", about: "time between onset and the end of recovery in which a session that wanted to play did not", shape: distribution, unit: duration, labels: perFault,
		dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.outage, 0 })},
	{name: "content_skipped", about: "media lost between onset and the end of recovery", shape: distribution, unit: duration, labels: perFault,
		dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.skipped, 0 })},
	{name: "content_repeated", about: "media seen twice between onset and the end of recovery", shape: distribution, unit: duration, labels: perFault,
		dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.repeated, 0 })},

	{name: "failed_over", about: "affected sessions that moved to something healthy and played on", shape: share, unit: fraction, labels: perFault,
		parts: impactShare(func(n *impact) int64 { return n.outcomes[failedOver] })},
	{name: "healed", about: "affected sessions that never moved and got new media once the fault had ended", shape: share, unit: fraction, labels: perFault,
		parts: impactShare(func(n *impact) int64 { return n.outcomes[healed] })},
	{name: "recovered", about: "failed_over and healed", shape: share, unit: fraction, labels: perFault,
		parts: impactShare(func(n *impact) int64 { return n.outcomes[failedOver] + n.outcomes[healed] })},
	{name: "left", about: "affected sessions that left, or had seen everything, before they recovered", shape: share, unit: fraction, labels: perFault,
		parts: impactShare(func(n *impact) int64 { return n.outcomes[left] })},
	{name: "never_recovered", about: "affected sessions with any other end", shape: share, unit: fraction, labels: perFault,
		parts: impactShare(func(n *impact) int64 { return n.outcomes[neverRecovered] })},
	{name: "flapped_back", about: "affected sessions that went back to the faulty thing for media while it was faulty", shape: share, unit: fraction, labels: perFault,
		parts: impactShare(func(n *impact) int64 { return n.flapped })},
	{name: "affected", about: "sessions that the fault touched", shape: amount, unit: number, labels: perFault,
		parts: impactShare(func(n *impact) int64 { return n.affected })},

	{name: "request_errors", about: "requests answered by an error or not at all", shape: share, unit: fraction, labels: sessions | kindLabel, live: true,
		parts: requestParts(func(r *requests) (int64, int64) { return r.errors, r.count })},
	{name: "ttfb", about: "request sent to first byte", shape: distribution, unit: duration, labels: sessions | kindLabel, live: true,
		dist: requestHistogram(func(r *requests) *Histogram { return &r.ttfb })},
	{name: "requests", about: "requests of the players", shape: amount, unit: number, labels: sessions | kindLabel, live: true,
		parts: requestParts(func(r *requests) (int64, int64) { return r.count, 1 })},

	{name: "edge_rps", about: "requests to the CDN", shape: rate, unit: perSecond, labels: when, live: true, series: edgeRequests},
	{name: "edge_bps", about: "body bits from the CDN", shape: rate, unit: bitrate, labels: when, live: true, series: edgeBits},
	{name: "origin_rps", about: "requests to the origin", shape: rate, unit: perSecond, labels: when, live: true, series: originRequests},
	{name: "origin_bps", about: "body bits from the origin", shape: rate, unit: bitrate, labels: when, live: true, series: originBits},
	{name: "origin_amplification", about: "highest origin request rate over a target duration during fault and recovery, of the same in the baseline; the worst of the faults asked for", shape: ratio, unit: number, labels: faultLabel,
		value: amplification},
	{name: "hit_ratio", about: "part of the requests to the CDN that needed no request to the origin", shape: share, unit: fraction, labels: when, live: true,
		value: hitRatio},
	{name: "alarm_delay", about: "onset of a fault to the state ALARM of an alarm of aws.alarms, by the provider's clock", shape: distribution, unit: duration, labels: faultLabel | alarmLabel,
		needs: alarmLabel, monitored: true, dist: alarmDelays},
	{name: "alert_delay", about: "onset of a fault to the first alert of a type from the channel, by the provider's clock", shape: distribution, unit: duration, labels: faultLabel | alertLabel,
		needs: alertLabel, monitored: true, dist: alertDelays},
	{name: "other_alarms", about: "alarms and alerts during the run that no alarm_delay or alert_delay names for the fault that was on", shape: amount, unit: number, labels: faultLabel,
		monitored: true, parts: otherAlarms},
	{name: "tester_lag", about: "request due to request sent: the tool's own delay", shape: distribution, unit: duration, labels: sessions | kindLabel, live: true,
		dist: requestHistogram(func(r *requests) *Histogram { return &r.lag })},
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

// filter is a term's labels, resolved. Negative numbers select everything.
type filter struct {
	rule, cohort, kind int
	profile            string // "" = any; several entries of Config.Profiles may share a name
	phase              phase
	timed              bool // fault or phase was asked for
	joined             string
	fault              string // by name, for what is looked up in the summary
	alarm, alert       string
}

// who tells whether the sessions of a group are meant.
func (f *filter) who(v *view, k groupKey) bool {
	return (f.cohort < 0 || int(k.cohort) == f.cohort) && f.playedBy(v, k.profile) &&
		(f.joined == "" || f.joined == joinedWhen(&v.course.spans[k.joined], f.rule))
}

func (f *filter) playedBy(v *view, profile int16) bool {
	return f.profile == "" || f.profile == v.cfg.Profiles[profile].Name
}

// The values of the label joined.
const (
	joinedBefore = "before"
	joinedDuring = "during"
	joinedAfter  = "after"
)

// joinedWhen tells when a session that joined in a span did so as a rule sees
// it; rule -1 is any.
func joinedWhen(sp *span, rule int) string {
	mask := ^bits(0)
	if rule >= 0 {
		mask = 1 << uint(rule)
	}
	switch {
	case sp.fault&mask != 0:
		return joinedDuring
	case sp.cleared&mask != 0:
		return joinedAfter
	}
	return joinedBefore
}

// eachCell calls f for every cell that the filter selects.
func (v *view) eachCell(f *filter, do func(*cell)) {
	for _, sh := range v.shards {
		for k, g := range sh.groups {
			if !f.who(v, k) {
				continue
			}
			for i, c := range g.cells {
				if c != nil && (!f.timed || v.course.spans[i].in(f.rule, f.phase)) {
					do(c)
				}
			}
		}
	}
}

func cellHistogram(of func(*cell) *Histogram) func(*view, *filter) (Histogram, int64) {
	return func(v *view, f *filter) (h Histogram, _ int64) {
		v.eachCell(f, func(c *cell) { h.Merge(of(c)) })
		return h, 0
	}
}

func cellParts(of func(*cell) (int64, int64)) func(*view, *filter) (int64, int64) {
	return func(v *view, f *filter) (num, den int64) {
		v.eachCell(f, func(c *cell) {
			n, d := of(c)
			num, den = num+n, den+d
		})
		return num, den
	}
}

// eachKind calls do for the requests of the kinds that the filter selects.
func (v *view) eachKind(f *filter, do func(*requests)) {
	v.eachCell(f, func(c *cell) {
		for k, r := range c.kinds {
			if r != nil && (f.kind < 0 || f.kind == k) {
				do(r)
			}
		}
	})
}

func requestParts(of func(*requests) (int64, int64)) func(*view, *filter) (int64, int64) {
	return func(v *view, f *filter) (num, den int64) {
		v.eachKind(f, func(r *requests) {
			n, d := of(r)
			num, den = num+n, den+d
		})
		return num, den
	}
}

func requestHistogram(of func(*requests) *Histogram) func(*view, *filter) (Histogram, int64) {
	return func(v *view, f *filter) (h Histogram, _ int64) {
		v.eachKind(f, func(r *requests) { h.Merge(of(r)) })
		return h, 0
	}
}

// sessionShare is a share of the sessions that are over: all of them, or those
// that lived through the time that the filter selects.
func sessionShare(total func(*group) int64, timed func(*slot) int64) func(*view, *filter) (int64, int64) {
	return func(v *view, f *filter) (num, den int64) {
		for _, sh := range v.shards {
			for k, g := range sh.groups {
				switch {
				case !f.who(v, k):
				case f.timed:
					s := g.slot(f.rule, f.phase)
					num, den = num+timed(s), den+s.sessions
				default:
					num, den = num+total(g), den+g.sessions-g.unfinished
				}
			}
		}
		return num, den
	}
}

// stalledNow counts the sessions that are open; once the run is over, those
// that were cut by its end.
func stalledNow(v *view, f *filter) (num, den int64) {
	for _, sh := range v.shards {
		for _, s := range sh.open {
			if f.who(v, s.group.key) {
				den++
				if s.state == stalled {
					num++
				}
			}
		}
	}
	return num, den
}

// eachImpact calls do for every impact that the filter selects.
func (v *view) eachImpact(f *filter, do func(*impact)) {
	for _, sh := range v.shards {
		for k, n := range sh.impacts {
			switch {
			case f.rule >= 0 && v.course.occs[k.occ].fault.Rule != f.rule,
				f.cohort >= 0 && int(k.cohort) != f.cohort,
				!f.playedBy(v, k.profile),
				f.joined == joinedAfter,
				f.joined != "" && (f.joined == joinedDuring) != k.during:
			default:
				do(n)
			}
		}
	}
}

func impactHistogram(of func(*impact) (*Histogram, int64)) func(*view, *filter) (Histogram, int64) {
	return func(v *view, f *filter) (h Histogram, never int64) {
		v.eachImpact(f, func(n *impact) {
			o, without := of(n)
			h.Merge(o)
			never += without
		})
		return h, never
	}
}

func impactShare(of func(*impact) int64) func(*view, *filter) (int64, int64) {
	return func(v *view, f *filter) (num, den int64) {
		v.eachImpact(f, func(n *impact) {
			num, den = num+of(n), den+n.affected
		})
		return num, den
	}
}

// kindNumber is the index of a kind's name, -1 when there is none.
func kindNumber(name string) int {
	if k, ok := m3u8.ParseKind(name); ok {
		return int(k)
	}
	return -1
}
