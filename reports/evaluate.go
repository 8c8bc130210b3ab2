package reports

import (
	"math"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
)

// view is a record and what it is judged with.
type view struct {
	*Record
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
		if i := slices.IndexFunc(v.Config.Faults, func(x chaos.Fault) bool { return x.Name == t.fault }); i >= 0 {
			f.rule = v.Config.Faults[i].Rule
		}
	}
	if t.phase != "" {
		f.timed = true
		f.phase = phase(slices.Index(phaseNames[:], t.phase))
	}
	if t.cohort != "" {
		f.cohort = none
		if i := slices.IndexFunc(v.Config.Cohorts, func(x Cohort) bool { return x.Name == t.cohort }); i >= 0 {
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
	switch e := evaluators[t.metric.name]; {
	case t.metric.monitored && !v.watchedUntil(t).Known():
		return NoData
	case e.dist != nil:
		h, never := e.dist(v, &f)
		return h.stat(t.stat, t.unit().scale(), never)
	case e.series != nil:
		return v.rate(e.series, t.stat, &f)
	case e.value != nil:
		return e.value(v, &f)
	default:
		num, den := e.parts(v, &f)
		if t.metric.shape == amount {
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

// stretches are the intervals of time that a filter selects.
func (v *view) stretches(f *filter) (s [][2]time.Duration) {
	if !f.timed {
		return [][2]time.Duration{{0, v.At}}
	}
	for i := range v.course.pieces {
		p := &v.course.pieces[i]
		to := v.At
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
	window := v.Config.TargetDuration
	from, to := v.course.baselineOf(o, window)
	n.BaselineRps = Value(round(v.traffic.peak(originRequests, from, min(to, v.At), window), 3))
	n.PeakRps = Value(round(v.traffic.peak(originRequests, o.applied, min(o.recEnd, v.At), window), 3))
	if n.BaselineRps > 0 && n.PeakRps.Known() {
		n.Amplification = Value(round(float64(n.PeakRps/n.BaselineRps), 4))
	}
	return n
}
