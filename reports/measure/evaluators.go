package measure

import (
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// evaluator measures one metric. One of the functions is set.
type evaluator struct {
	// parts gives numerator and denominator over the cells, slots and totals
	// that the filter selects.
	parts func(v *view, f *filter) (num, den int64)
	// dist gives a distribution, and how many sessions it never happened to.
	dist func(v *view, f *filter) (reports.Histogram, int64)
	// series is the load it is the rate of.
	series traffic.Series
	value  func(v *view, f *filter) reports.Value
}

// evaluators say how each metric of package expect is measured.
var evaluators = map[string]evaluator{
	"startup":              {dist: cellHistogram(func(c *record.Totals) *reports.Histogram { return &c.Startup })},
	"startup_failed":       {parts: sessionShare(func(g *record.Group) int64 { return g.StartupFailed }, func(s *record.PhaseCount) int64 { return s.StartupFailed })},
	"fatal":                {parts: sessionShare(func(g *record.Group) int64 { return g.Fatal }, func(s *record.PhaseCount) int64 { return s.Fatal })},
	"stalled":              {parts: sessionShare(func(g *record.Group) int64 { return g.EverStalled }, func(s *record.PhaseCount) int64 { return s.Stalled })},
	"stalled_now":          {parts: stalledNow},
	"error_rate":           {parts: requestParts(func(r *record.Requests) (int64, int64) { return r.Errors, r.Answers })},
	"stall":                {dist: cellHistogram(func(c *record.Totals) *reports.Histogram { return &c.Stall })},
	"rebuffer_ratio":       {parts: cellParts(func(c *record.Totals) (int64, int64) { return int64(c.Stalled), int64(c.Stalled + c.Played) })},
	"live_latency":         {dist: cellHistogram(func(c *record.Totals) *reports.Histogram { return &c.Latency })},
	"bitrate":              {dist: cellHistogram(func(c *record.Totals) *reports.Histogram { return &c.Bitrate })},
	"detection":            {dist: impactHistogram(func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Detection, n.Undetected })},
	"failover":             {dist: impactHistogram(func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Failover, n.Unmoved })},
	"outage":               {dist: impactHistogram(func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Outage, 0 })},
	"content_skipped":      {dist: impactHistogram(func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Skipped, 0 })},
	"content_repeated":     {dist: impactHistogram(func(n *record.FaultTotals) (*reports.Histogram, int64) { return &n.Repeated, 0 })},
	"failed_over":          {parts: impactShare(func(n *record.FaultTotals) int64 { return n.Outcomes[record.FailedOver] })},
	"healed":               {parts: impactShare(func(n *record.FaultTotals) int64 { return n.Outcomes[record.Healed] })},
	"recovered":            {parts: impactShare(func(n *record.FaultTotals) int64 { return n.Outcomes[record.FailedOver] + n.Outcomes[record.Healed] })},
	"left":                 {parts: impactShare(func(n *record.FaultTotals) int64 { return n.Outcomes[record.Left] })},
	"never_recovered":      {parts: impactShare(func(n *record.FaultTotals) int64 { return n.Outcomes[record.NeverRecovered] })},
	"flapped_back":         {parts: impactShare(func(n *record.FaultTotals) int64 { return n.Flapped })},
	"affected":             {parts: impactShare(func(n *record.FaultTotals) int64 { return n.Affected })},
	"request_errors":       {parts: requestParts(func(r *record.Requests) (int64, int64) { return r.Errors, r.Count })},
	"ttfb":                 {dist: requestHistogram(func(r *record.Requests) *reports.Histogram { return &r.TTFB })},
	"requests":             {parts: requestParts(func(r *record.Requests) (int64, int64) { return r.Count, 1 })},
	"edge_rps":             {series: traffic.EdgeRequests},
	"edge_bps":             {series: traffic.EdgeBits},
	"origin_rps":           {series: traffic.OriginRequests},
	"origin_bps":           {series: traffic.OriginBits},
	"origin_amplification": {value: amplification},
	"hit_ratio":            {value: hitRatio},
	"alarm_delay":          {dist: alarmDelays},
	"alert_delay":          {dist: alertDelays},
	"other_alarms":         {parts: otherAlarms},
	"tester_lag":           {dist: requestHistogram(func(r *record.Requests) *reports.Histogram { return &r.Lag })},
}

// filter is a term's labels, resolved. Negative numbers select everything.
type filter struct {
	rule, cohort, kind int
	profile            string // "" = any; several entries of Config.Profiles may share a name
	phase              record.Phase
	timed              bool // fault or phase was asked for
	joined             string
	fault              string // by name, for what is looked up in the summary
	alarm, alert       string
}

// who reports whether the sessions of a group are meant.
func (f *filter) who(v *view, k record.GroupKey) bool {
	return (f.cohort < 0 || int(k.Cohort) == f.cohort) && f.playedBy(v, k.Profile) &&
		(f.joined == "" || f.joined == joinedWhen(&v.Phases.Sets[k.Joined], f.rule))
}

func (f *filter) playedBy(v *view, profile int16) bool {
	return f.profile == "" || f.profile == v.Config.Profiles[profile].Name
}

// joinedWhen tells when a session that joined in a span did so as a rule sees
// it; rule -1 is any.
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

// eachCell calls f for every cell that the filter selects.
func (v *view) eachCell(f *filter, do func(*record.Totals)) {
	for k, g := range v.Groups() {
		if !f.who(v, k) {
			continue
		}
		for i, c := range g.Totals {
			if c != nil && (!f.timed || v.Phases.Sets[i].In(f.rule, f.phase)) {
				do(c)
			}
		}
	}
}

func cellHistogram(of func(*record.Totals) *reports.Histogram) func(*view, *filter) (reports.Histogram, int64) {
	return func(v *view, f *filter) (h reports.Histogram, _ int64) {
		v.eachCell(f, func(c *record.Totals) { h.Merge(of(c)) })
		return h, 0
	}
}

func cellParts(of func(*record.Totals) (int64, int64)) func(*view, *filter) (int64, int64) {
	return func(v *view, f *filter) (num, den int64) {
		v.eachCell(f, func(c *record.Totals) {
			n, d := of(c)
			num, den = num+n, den+d
		})
		return num, den
	}
}

// eachKind calls do for the requests of the kinds that the filter selects.
func (v *view) eachKind(f *filter, do func(*record.Requests)) {
	v.eachCell(f, func(c *record.Totals) {
		for k, r := range c.Kinds {
			if r != nil && (f.kind < 0 || f.kind == k) {
				do(r)
			}
		}
	})
}

func requestParts(of func(*record.Requests) (int64, int64)) func(*view, *filter) (int64, int64) {
	return func(v *view, f *filter) (num, den int64) {
		v.eachKind(f, func(r *record.Requests) {
			n, d := of(r)
			num, den = num+n, den+d
		})
		return num, den
	}
}

func requestHistogram(of func(*record.Requests) *reports.Histogram) func(*view, *filter) (reports.Histogram, int64) {
	return func(v *view, f *filter) (h reports.Histogram, _ int64) {
		v.eachKind(f, func(r *record.Requests) { h.Merge(of(r)) })
		return h, 0
	}
}

// sessionShare is a share of the sessions that are over: all of them, or those
// that lived through the time that the filter selects.
func sessionShare(total func(*record.Group) int64, timed func(*record.PhaseCount) int64) func(*view, *filter) (int64, int64) {
	return func(v *view, f *filter) (num, den int64) {
		for k, g := range v.Groups() {
			switch {
			case !f.who(v, k):
			case f.timed:
				s := g.Phase(f.rule, f.phase)
				num, den = num+timed(s), den+s.Sessions
			default:
				num, den = num+total(g), den+g.Sessions-g.Unfinished
			}
		}
		return num, den
	}
}

// stalledNow counts the sessions that are open; once the run is over, those
// that were cut by its end.
func stalledNow(v *view, f *filter) (num, den int64) {
	for s := range v.Open() {
		if f.who(v, s.Group.Key) {
			den++
			if s.Stalled() {
				num++
			}
		}
	}
	return num, den
}

// eachImpact calls do for every impact that the filter selects.
func (v *view) eachImpact(f *filter, do func(*record.FaultTotals)) {
	for k, n := range v.Faults() {
		switch {
		case f.rule >= 0 && v.Phases.Occurrences[k.Occurrence].Fault.Rule != f.rule,
			f.cohort >= 0 && int(k.Cohort) != f.cohort,
			!f.playedBy(v, k.Profile),
			f.joined == expect.JoinedAfter,
			f.joined != "" && (f.joined == expect.JoinedDuring) != k.During:
		default:
			do(n)
		}
	}
}

func impactHistogram(of func(*record.FaultTotals) (*reports.Histogram, int64)) func(*view, *filter) (reports.Histogram, int64) {
	return func(v *view, f *filter) (h reports.Histogram, never int64) {
		v.eachImpact(f, func(n *record.FaultTotals) {
			o, without := of(n)
			h.Merge(o)
			never += without
		})
		return h, never
	}
}

func impactShare(of func(*record.FaultTotals) int64) func(*view, *filter) (int64, int64) {
	return func(v *view, f *filter) (num, den int64) {
		v.eachImpact(f, func(n *record.FaultTotals) {
			num, den = num+of(n), den+n.Affected
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
