package reports

import (
	"math"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
)

// view is all that was measured, at one instant.
type view struct {
	cfg     *Config
	course  *course
	shards  []*shard
	end     time.Duration
	traffic *Traffic // the truth, else the estimate
	source  string   // of the origin's part of it

	// Set once a provider's monitoring has been watched to the end.
	monitor *MonitorSummary
	summary *Summary
}

func (v *view) knowsOrigin() bool { return v.source == fromRig || v.source == fromHeaders }

// resolve turns a term's labels into numbers. Names were checked when it was
// parsed; one that this run does not have selects nothing.
func (v *view) resolve(t *term) filter {
	f := filter{rule: -1, cohort: -1, profile: t.profile, kind: -1, phase: either, joined: t.joined, fault: t.fault, alarm: t.alarm, alert: t.alert}
	const none = math.MaxInt16
	if t.fault != "" {
		f.timed = true
		f.rule = chaos.MaxEntries - 1
		if i := slices.IndexFunc(v.cfg.Faults, func(x chaos.Fault) bool { return x.Name == t.fault }); i >= 0 {
			f.rule = v.cfg.Faults[i].Rule
		}
	}
	if t.phase != "" {
		f.timed = true
		f.phase = phase(slices.Index(phaseNames[:], t.phase))
	}
	if t.cohort != "" {
		f.cohort = none
		if i := slices.IndexFunc(v.cfg.Cohorts, func(x Cohort) bool { return x.Name == t.cohort }); i >= 0 {
			f.cohort = i
		}
	}
	if t.kind != "" {
		f.kind = kindNumber(t.kind)
	}
	return f
}

// number is what a term measured.
func (v *view) number(t *term) Value {
	f := v.resolve(t)
	switch m := t.metric; {
	case m.monitored && !v.watchedUntil(t).Known():
		return NoData
	case m.dist != nil:
		h, never := m.dist(v, &f)
		return h.stat(t.stat, t.unit().scale(), never)
	case m.series != nil:
		return v.rate(m.series, t.stat, &f)
	case m.value != nil:
		return m.value(v, &f)
	default:
		num, den := m.parts(v, &f)
		if m.shape == amount {
			return Value(num)
		}
		if den == 0 {
			return NoData
		}
		return Value(float64(num) / float64(den))
	}
}

// judge evaluates an expectation over everything.
func (v *view) judge(e *Expectation) ExpectationResult {
	l := v.number(&e.left)
	r := Value(0)
	if e.operator != 0 {
		r = v.number(&e.right)
	}
	res := e.result(l, r)
	if f := v.resolve(&e.left); e.left.metric.name == otherAlarmsName && l > 0 {
		res.Reason += ": " + strings.Join(v.unnamed(&f), ", ")
	}
	return res
}

// result compares. An expectation without data does not hold.
func (e *Expectation) result(l, r Value) ExpectationResult {
	res := ExpectationResult{Expr: e.Text, Unit: unitSymbols[e.unit], Value: l}
	switch {
	case e.operator != 0 && math.IsNaN(float64(r)):
		res.Value, res.Reason = NoData, "no data: "+e.right.nothing()
		return res
	case math.IsNaN(float64(l)):
		res.Reason = "no data: " + e.left.nothing()
		return res
	case e.operator != 0 && !r.Known():
		res.Value, res.Reason = NoData, e.right.String()+" is never, which cannot be compared with"
		return res
	case e.operator == '-':
		res.Value = l - r
	case e.operator == '/':
		if r == 0 {
			res.Value, res.Reason = NoData, e.right.String()+" is 0 and cannot be divided by"
			return res
		}
		res.Value = l / r
	}
	got := float64(res.Value)
	if res.Value.Known() {
		got = round(got, 9)
	}
	switch e.compare {
	case "<":
		res.Pass = got < e.value
	case "<=":
		res.Pass = got <= e.value
	case ">":
		res.Pass = got > e.value
	case ">=":
		res.Pass = got >= e.value
	case "==":
		res.Pass = got == e.value
	}
	res.Reason = "measured " + e.unit.format(res.Value)
	return res
}

// nothing says why a term has no value.
func (t *term) nothing() string {
	switch {
	case t.metric.monitored && t.fault != "":
		return "it could not be read on AWS, or " + t.fault + " was never applied"
	case t.metric.monitored:
		return "it could not be read on AWS, or no fault was applied"
	case t.metric.labels == perFault:
		if t.fault != "" {
			return "no session was affected by " + t.fault
		}
		return "no session was affected"
	case t.metric.series != nil || t.metric.value != nil:
		return t.String() + " could not be measured"
	}
	return "nothing was counted for " + t.String()
}

// stretches are the intervals of time that a filter selects.
func (v *view) stretches(f *filter) (s [][2]time.Duration) {
	if !f.timed {
		return [][2]time.Duration{{0, v.end}}
	}
	for i := range v.course.pieces {
		p := &v.course.pieces[i]
		to := v.end
		if i+1 < len(v.course.pieces) {
			to = min(to, v.course.pieces[i+1].from)
		}
		if p.from >= to || !v.course.spans[p.span].in(f.rule, f.phase) {
			continue
		}
		if n := len(s); n > 0 && s[n-1][1] == p.from {
			s[n-1][1] = to
		} else {
			s = append(s, [2]time.Duration{p.from, to})
		}
	}
	return s
}

// rate is the mean or the highest rate (over a second) of a series.
func (v *view) rate(of series, st stat, f *filter) Value {
	if v.traffic == nil || !v.knowsOrigin() && !atEdge(of) {
		return NoData
	}
	var sum int64
	var length time.Duration
	peak := math.NaN()
	for _, s := range v.stretches(f) {
		sum += v.traffic.sum(of, s[0], s[1])
		length += s[1] - s[0]
		if p := v.traffic.peak(of, s[0], s[1], time.Second); !(p <= peak) {
			peak = p
		}
	}
	if length == 0 {
		return NoData
	}
	if st == statMax {
		return Value(round(peak, 6))
	}
	return Value(round(float64(sum)/length.Seconds(), 6))
}

// atEdge tells whether a series is of the CDN's viewer side.
func atEdge(of series) bool {
	probe := Slot{EdgeRequests: 1, EdgeBytes: 1}
	return of(&probe) > 0
}

func hitRatio(v *view, f *filter) Value {
	if !v.knowsOrigin() {
		return NoData
	}
	var edge, origin int64
	for _, s := range v.stretches(f) {
		edge += v.traffic.sum(edgeRequests, s[0], s[1])
		origin += v.traffic.sum(originRequests, s[0], s[1])
	}
	if edge == 0 {
		return NoData
	}
	return Value(max(0, 1-float64(origin)/float64(edge)))
}

// amplification is the worst over the occurrences of the faults asked for.
func amplification(v *view, f *filter) Value {
	worst := NoData
	for i := range v.course.occs {
		if o := &v.course.occs[i]; f.rule < 0 || o.fault.Rule == f.rule {
			if a := v.faultOrigin(o).Amplification; !math.IsNaN(float64(a)) && !(a <= worst) {
				worst = a
			}
		}
	}
	return worst
}

// faultOrigin compares the origin's load during fault and recovery with the
// baseline: the highest rates over a target duration.
func (v *view) faultOrigin(o *occurrence) FaultOrigin {
	n := FaultOrigin{NoData, NoData, NoData}
	if !v.knowsOrigin() || o.applied == forever {
		return n
	}
	window := v.cfg.TargetDuration
	from, to := v.course.baselineOf(o, window)
	n.BaselineRps = Value(round(v.traffic.peak(originRequests, from, min(to, v.end), window), 3))
	n.PeakRps = Value(round(v.traffic.peak(originRequests, o.applied, min(o.recEnd, v.end), window), 3))
	if n.BaselineRps > 0 && n.PeakRps.Known() {
		n.Amplification = Value(round(float64(n.PeakRps/n.BaselineRps), 4))
	}
	return n
}
