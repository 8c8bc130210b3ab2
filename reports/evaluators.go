package reports

import "hlsload/player/m3u8"

// evaluator measures one metric. One of the functions is set.
type evaluator struct {
	// parts gives numerator and denominator over the cells, slots and totals
	// that the filter selects.
	parts func(v *view, f *filter) (num, den int64)
	// dist gives a distribution, and how many sessions it never happened to.
	dist func(v *view, f *filter) (Histogram, int64)
	// series is the load it is the rate of.
	series series
	value  func(v *view, f *filter) Value
}

// evaluators say how each metric of package expect is measured.
var evaluators = map[string]evaluator{
	"startup":              {dist: cellHistogram(func(c *cell) *Histogram { return &c.startup })},
	"startup_failed":       {parts: sessionShare(func(g *group) int64 { return g.startupFailed }, func(s *slot) int64 { return s.startupFailed })},
	"fatal":                {parts: sessionShare(func(g *group) int64 { return g.fatal }, func(s *slot) int64 { return s.fatal })},
	"stalled":              {parts: sessionShare(func(g *group) int64 { return g.everStalled }, func(s *slot) int64 { return s.stalled })},
	"stalled_now":          {parts: stalledNow},
	"error_rate":           {parts: requestParts(func(r *requests) (int64, int64) { return r.errors, r.answers })},
	"stall":                {dist: cellHistogram(func(c *cell) *Histogram { return &c.stall })},
	"rebuffer_ratio":       {parts: cellParts(func(c *cell) (int64, int64) { return int64(c.stalled), int64(c.stalled + c.played) })},
	"live_latency":         {dist: cellHistogram(func(c *cell) *Histogram { return &c.latency })},
	"bitrate":              {dist: cellHistogram(func(c *cell) *Histogram { return &c.bitrate })},
	"detection":            {dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.detection, n.undetected })},
	"failover":             {dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.failover, n.unmoved })},
	"outage":               {dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.outage, 0 })},
	"content_skipped":      {dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.skipped, 0 })},
	"content_repeated":     {dist: impactHistogram(func(n *impact) (*Histogram, int64) { return &n.repeated, 0 })},
	"failed_over":          {parts: impactShare(func(n *impact) int64 { return n.outcomes[failedOver] })},
	"healed":               {parts: impactShare(func(n *impact) int64 { return n.outcomes[healed] })},
	"recovered":            {parts: impactShare(func(n *impact) int64 { return n.outcomes[failedOver] + n.outcomes[healed] })},
	"left":                 {parts: impactShare(func(n *impact) int64 { return n.outcomes[left] })},
	"never_recovered":      {parts: impactShare(func(n *impact) int64 { return n.outcomes[neverRecovered] })},
	"flapped_back":         {parts: impactShare(func(n *impact) int64 { return n.flapped })},
	"affected":             {parts: impactShare(func(n *impact) int64 { return n.affected })},
	"request_errors":       {parts: requestParts(func(r *requests) (int64, int64) { return r.errors, r.count })},
	"ttfb":                 {dist: requestHistogram(func(r *requests) *Histogram { return &r.ttfb })},
	"requests":             {parts: requestParts(func(r *requests) (int64, int64) { return r.count, 1 })},
	"edge_rps":             {series: edgeRequests},
	"edge_bps":             {series: edgeBits},
	"origin_rps":           {series: originRequests},
	"origin_bps":           {series: originBits},
	"origin_amplification": {value: amplification},
	"hit_ratio":            {value: hitRatio},
	"alarm_delay":          {dist: alarmDelays},
	"alert_delay":          {dist: alertDelays},
	"other_alarms":         {parts: otherAlarms},
	"tester_lag":           {dist: requestHistogram(func(r *requests) *Histogram { return &r.lag })},
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
	return f.profile == "" || f.profile == v.Config.Profiles[profile].Name
}

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
	for k, g := range v.groups() {
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
		for k, g := range v.groups() {
			switch {
			case !f.who(v, k):
			case f.timed:
				s := g.slot(f.rule, f.phase)
				num, den = num+timed(s), den+s.sessions
			default:
				num, den = num+total(g), den+g.sessions-g.unfinished
			}
		}
		return num, den
	}
}

// stalledNow counts the sessions that are open; once the run is over, those
// that were cut by its end.
func stalledNow(v *view, f *filter) (num, den int64) {
	for s := range v.open() {
		if f.who(v, s.group.key) {
			den++
			if s.state == stalled {
				num++
			}
		}
	}
	return num, den
}

// eachImpact calls do for every impact that the filter selects.
func (v *view) eachImpact(f *filter, do func(*impact)) {
	for k, n := range v.impacts() {
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
