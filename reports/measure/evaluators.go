package measure

import (
	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// evaluator measures one metric. One of the functions is set.
type evaluator struct {
	// parts gives numerator and denominator over what
	// the filter selects.
	parts func(v *view, f *filter) (num, den int64)
	// dist gives a distribution, and how many sessions it never happened to.
	dist func(v *view, f *filter) (reports.Histogram, int64)
	// series is the load it is the rate of.
	series traffic.Series
	value  func(v *view, f *filter) reports.Value
}

// evaluators say how each metric of package expect is measured.
var evaluators = map[string]evaluator{
	"startup":           distribution((*view).eachTotals, func(c *record.Totals) (*reports.Histogram, int64) { return &c.Startup, 0 }),
	"startup_failed":    sessions(func(g *record.Group) int64 { return g.StartupFailed }, func(s *record.PhaseCount) int64 { return s.StartupFailed }),
	"fatal":             sessions(func(g *record.Group) int64 { return g.Fatal }, func(s *record.PhaseCount) int64 { return s.Fatal }),
	"stalled":           sessions(func(g *record.Group) int64 { return g.EverStalled }, func(s *record.PhaseCount) int64 { return s.Stalled }),
	"stalled_now":       {parts: stalledNow},
	"error_rate":        share((*view).eachRequests, func(r *record.Requests) (int64, int64) { return r.Errors, r.Answers }),
	"stall":             distribution((*view).eachTotals, func(c *record.Totals) (*reports.Histogram, int64) { return &c.Stall, 0 }),
	"rebuffer_ratio":    share((*view).eachTotals, func(c *record.Totals) (int64, int64) { return int64(c.Stalled), int64(c.Stalled + c.Played) }),
	"live_latency":      distribution((*view).eachTotals, func(c *record.Totals) (*reports.Histogram, int64) { return &c.Latency, 0 }),
	expect.LatencyDrift: {value: latencyDrift},
	"bitrate":           distribution((*view).eachTotals, func(c *record.Totals) (*reports.Histogram, int64) { return &c.Bitrate, 0 }),
	"detection":         distribution((*view).eachFault, func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Detection, n.Undetected }),
	"failover":          distribution((*view).eachFault, func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Failover, n.Unmoved }),
	"outage":            distribution((*view).eachFault, func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Outage, 0 }),
	"content_skipped":   distribution((*view).eachFault, func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Skipped, 0 }),
	"content_repeated":  distribution((*view).eachFault, func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Repeated, 0 }),
	"failed_over":       share((*view).eachFault, func(n *record.FaultTotals) (int64, int64) { return n.Outcomes[record.FailedOver], stayed(n) }),
	"healed":            share((*view).eachFault, func(n *record.FaultTotals) (int64, int64) { return n.Outcomes[record.Healed], stayed(n) }),
	"recovered": share((*view).eachFault, func(n *record.FaultTotals) (int64, int64) {
		return n.Outcomes[record.FailedOver] + n.Outcomes[record.Healed], stayed(n)
	}),
	"left":                 share((*view).eachFault, func(n *record.FaultTotals) (int64, int64) { return n.Outcomes[record.Left], n.Affected }),
	"never_recovered":      share((*view).eachFault, func(n *record.FaultTotals) (int64, int64) { return n.Outcomes[record.NeverRecovered], stayed(n) }),
	"flapped_back":         share((*view).eachFault, func(n *record.FaultTotals) (int64, int64) { return n.Flapped, stayed(n) }),
	"affected":             share((*view).eachFault, func(n *record.FaultTotals) (int64, int64) { return n.Affected, n.Affected }),
	"request_errors":       share((*view).eachRequests, func(r *record.Requests) (int64, int64) { return r.Errors, r.Count }),
	"ttfb":                 distribution((*view).eachRequests, func(r *record.Requests) (*reports.Histogram, int64) { return &r.TTFB, 0 }),
	"requests":             share((*view).eachRequests, func(r *record.Requests) (int64, int64) { return r.Count, 1 }),
	"edge_rps":             {series: traffic.EdgeRequests},
	"edge_bps":             {series: traffic.EdgeBits},
	"origin_rps":           {series: traffic.OriginRequests},
	"origin_bps":           {series: traffic.OriginBits},
	"origin_amplification": {value: worst(func(v *view, o *record.Occurrence) reports.Value { return v.faultOrigin(o).Amplification })},
	"edge_amplification":   {value: worst(func(v *view, o *record.Occurrence) reports.Value { return v.faultEdge(o).Amplification })},
	"error_rps":            {series: traffic.Failed},
	"hit_ratio":            {value: hitRatio},
	"alarm_delay":          {dist: alarmDelays},
	"alert_delay":          {dist: alertDelays},
	"other_alarms":         {parts: otherAlarms},
	"tester_lag":           distribution((*view).eachRequests, func(r *record.Requests) (*reports.Histogram, int64) { return &r.Lag, 0 }),
}

// stayed is how many affected sessions did not leave before they recovered.
func stayed(n *record.FaultTotals) int64 { return n.Affected - n.Outcomes[record.Left] }

// distribution merges a histogram of each thing that the filter selects, and adds
// up how many sessions it never happened to.
func distribution[T any](each func(*view, *filter, func(T)), of func(T) (h *reports.Histogram, never int64)) evaluator {
	return evaluator{dist: func(v *view, f *filter) (h reports.Histogram, never int64) {
		each(v, f, func(x T) {
			o, without := of(x)
			h.Merge(o)
			never += without
		})
		return h, never
	}}
}

// share adds up numerator and denominator of each thing that the filter selects.
func share[T any](each func(*view, *filter, func(T)), of func(T) (num, den int64)) evaluator {
	return evaluator{parts: func(v *view, f *filter) (num, den int64) {
		each(v, f, func(x T) {
			n, d := of(x)
			num, den = num+n, den+d
		})
		return num, den
	}}
}

// filter is a term's labels, resolved. Negative numbers select everything.
type filter struct {
	rule, cohort, kind int
	profile            string // "" = any
	phase              record.Phase
	timed              bool // fault or phase was asked for
	joined             string
	fault              string // by name, for what is looked up in the summary
	alarm, alert       string
}

// selects reports whether the filter selects the sessions of a group.
func (f *filter) selects(v *view, k record.GroupKey) bool {
	return f.selectsCohort(v, k.Cohort) && (f.joined == "" || f.joined == joinedWhen(&v.Phases.Sets[k.Joined], f.rule))
}

// selectsCohort reports whether the filter selects sessions of a cohort.
func (f *filter) selectsCohort(v *view, cohort int16) bool {
	return (f.cohort < 0 || int(cohort) == f.cohort) && (f.profile == "" || f.profile == v.Config.Cohorts[cohort].Profile)
}

// joinedWhen says whether a session that joined in a phase set joined before,
// during or after the fault of a rule; rule -1 is any.
func joinedWhen(sp *record.PhaseSet, rule int) string {
	mask := ^record.Rules(0)
	if rule >= 0 {
		mask = 1 << uint(rule)
	}
	switch {
	case sp.Fault&mask != 0:
		return expect.JoinedDuring
	case sp.Cleared&mask != 0:
		return expect.JoinedAfter
	}
	return expect.JoinedBefore
}

// eachTotals calls do for the totals that the filter selects.
func (v *view) eachTotals(f *filter, do func(*record.Totals)) {
	for k, g := range v.Groups() {
		if !f.selects(v, k) {
			continue
		}
		for i, c := range g.Totals {
			if c != nil && (!f.timed || v.Phases.Sets[i].In(f.rule, f.phase)) {
				do(c)
			}
		}
	}
}

// eachRequests calls do for the requests of the kinds that the filter selects.
func (v *view) eachRequests(f *filter, do func(*record.Requests)) {
	v.eachTotals(f, func(c *record.Totals) {
		for k, r := range c.Kinds {
			if r != nil && (f.kind < 0 || f.kind == k) {
				do(r)
			}
		}
	})
}

// sessions is a share of the sessions that are over: all of them, or those that
// lived through the time that the filter selects.
func sessions(total func(*record.Group) int64, timed func(*record.PhaseCount) int64) evaluator {
	return evaluator{parts: func(v *view, f *filter) (num, den int64) {
		for k, g := range v.Groups() {
			switch {
			case !f.selects(v, k):
			case f.timed:
				s := g.Phase(f.rule, f.phase)
				num, den = num+timed(s), den+s.Sessions
			default:
				num, den = num+total(g), den+g.Sessions-g.Unfinished
			}
		}
		return num, den
	}}
}

// stalledNow counts the sessions that are open; once the run is over, those
// that were cut by its end.
func stalledNow(v *view, f *filter) (num, den int64) {
	for k, g := range v.Groups() {
		if f.selects(v, k) {
			num, den = num+g.OpenStalled, den+g.Open
		}
	}
	return num, den
}

// eachFault calls do for what faults did to the sessions that the filter selects.
func (v *view) eachFault(f *filter, do func(*record.FaultTotals)) {
	for k, n := range v.Faults() {
		switch {
		case f.rule >= 0 && v.Phases.Occurrences[k.Occurrence].Fault.Rule != f.rule,
			!f.selectsCohort(v, k.Cohort),
			f.joined == expect.JoinedAfter,
			f.joined != "" && (f.joined == expect.JoinedDuring) != k.During:
		default:
			do(n)
		}
	}
}
