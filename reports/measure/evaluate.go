package measure

import (
	"math"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// view is a record and what it is judged with.
type view struct {
	*record.Record
	lost      lost
	impacts   [][]impact               // by occurrence
	numbers   map[occurrenceName]int32 // of occurrences
	lostLimit float64                  // the share of the players, or of the time, that may be lost
	load      *traffic.Load            // the truth, else the estimate
	source    string                   // of the origin's part of it

	// Set once a provider's monitoring has been watched to the end.
	monitor *reports.MonitorSummary
	summary *reports.Summary
}

func (v *view) knowsOrigin() bool {
	return v.source == reports.FromRig || v.source == reports.FromHeaders
}

// resolve turns a term's labels into numbers. Names were checked when it was
// parsed; one that this run does not have selects nothing.
func (v *view) resolve(t *expect.Term) filter {
	f := filter{rule: -1, cohort: -1, profile: t.Profile, kind: -1, phase: record.Either, joined: t.Joined, fault: t.Fault, alarm: t.Alarm, alert: t.Alert}
	const none = math.MaxInt16
	if t.Fault != "" {
		f.timed = true
		f.rule = chaos.MaxEntries - 1
		if i := slices.IndexFunc(v.Config.Faults, func(x chaos.Fault) bool { return x.Name == t.Fault }); i >= 0 {
			f.rule = v.Config.Faults[i].Rule
		}
	}
	if t.Phase != "" {
		f.timed = true
		f.phase = record.Phase(slices.Index(expect.PhaseNames, t.Phase))
	}
	if t.Cohort != "" {
		f.cohort = none
		if i := slices.IndexFunc(v.Config.Cohorts, func(x record.Cohort) bool { return x.Name == t.Cohort }); i >= 0 {
			f.cohort = i
		}
	}
	if k, ok := m3u8.ParseKind(t.Kind); ok {
		f.kind = int(k)
	}
	return f
}

// number is what a term measured, or a bound of what it may be with what lost players saw.
func (v *view) number(t *expect.Term, b bound) reports.Value {
	f, lost := v.resolve(t), v.lost
	if t.Metric.Monitored {
		lost.players = 0 // that is not seen by players
	}
	switch e := evaluators[t.Metric.Name]; {
	case t.Metric.Monitored && !v.watchedUntil(t).Known():
		return reports.NoData
	case e.dist != nil:
		h, never := e.dist(v, &f)
		never = lost.distribution(&h, never, t, b)
		return h.Stat(t.Stat, t.Unit().Scale(), never)
	case e.series != nil:
		return lost.rate(v.rate(e.series, t.Stat, &f), b)
	case t.Metric.Name == "hit_ratio":
		return lost.hits(e.value(v, &f), b)
	case t.Metric.Name == expect.LatencyDrift: // players that were lost have no slope
		return e.value(v, &f)
	case e.value != nil:
		return lost.times(e.value(v, &f), b)
	default:
		num, den := e.parts(v, &f)
		if t.Metric.Shape == expect.Amount {
			return reports.Value(lost.amount(num, b))
		}
		num, den = lost.parts(num, den, b)
		if den == 0 {
			return reports.NoData
		}
		return reports.Value(float64(num) / float64(den))
	}
}

// compare evaluates an expectation as it was measured, or for a bound of its left side.
func (v *view) compare(e *expect.Expectation, b bound) reports.ExpectationResult {
	if e.Each() > 0 {
		return e.ResultOver(v.windows(e, b))
	}
	l := v.number(&e.Left, b)
	r := reports.Value(0)
	if e.Operator != 0 {
		opposite := [...]bound{highest: lowest, lowest: highest}
		r = v.number(&e.Right, opposite[b])
	}
	return e.Result(l, r)
}

// judge evaluates an expectation over everything. When players were lost, it holds only if
// it does whatever they saw.
func (v *view) judge(e *expect.Expectation) reports.ExpectationResult {
	res := v.measured(e)
	if v.lost.players == 0 || !res.Pass {
		return res
	}
	var bounds []bound
	if e.Upper() {
		bounds = append(bounds, highest)
	}
	if e.Lower() {
		bounds = append(bounds, lowest)
	}
	for _, b := range bounds {
		worst := v.compare(e, b)
		if !worst.Pass || worst.Value != res.Value {
			res.Pass = res.Pass && worst.Pass
			res.ByLost = !res.Pass
			res.Reason += "; with the worst that lost players may have seen " + e.Format(worst.Value)
		}
	}
	return res
}

// measured evaluates an expectation by what was measured alone.
func (v *view) measured(e *expect.Expectation) reports.ExpectationResult {
	res := v.compare(e, asMeasured)
	l := v.number(&e.Left, asMeasured)
	if f := v.resolve(&e.Left); e.Left.Metric.Name == otherAlarmsName && l > 0 {
		res.Reason += ": " + strings.Join(v.unnamed(&f), ", ")
	}
	return res
}

// stretches are the intervals of time that a filter selects.
func (v *view) stretches(f *filter) (s [][2]time.Duration) {
	if !f.timed {
		from := time.Duration(0)
		for _, g := range v.Gaps() {
			if g.From > from {
				s = append(s, [2]time.Duration{from, min(g.From, v.At)})
			}
			from = g.To
		}
		return append(s, [2]time.Duration{min(from, v.At), v.At})
	}
	for i := range v.Phases.Intervals {
		p := &v.Phases.Intervals[i]
		to := v.At
		if p.From >= to {
			break
		}
		if i+1 < len(v.Phases.Intervals) {
			to = min(to, v.Phases.Intervals[i+1].From)
		}
		if p.From >= to || !v.Phases.Sets[p.Set].In(f.rule, f.phase) {
			continue
		}
		if n := len(s); n > 0 && s[n-1][1] == p.From {
			s[n-1][1] = to
		} else {
			s = append(s, [2]time.Duration{p.From, to})
		}
	}
	return s
}

// rate is the mean or the highest rate (over a second) of a series.
func (v *view) rate(of traffic.Series, st reports.Stat, f *filter) reports.Value {
	return v.rateIn(of, st, v.stretches(f))
}

func (v *view) rateIn(of traffic.Series, st reports.Stat, stretches [][2]time.Duration) reports.Value {
	if v.load == nil || !v.knowsOrigin() && !atEdge(of) {
		return reports.NoData
	}
	var sum int64
	var length time.Duration
	peak := math.NaN()
	for _, s := range stretches {
		sum += v.load.Sum(of, s[0], s[1])
		length += s[1] - s[0]
		if p, _ := v.load.Peak(of, s[0], s[1], time.Second); !(p <= peak) {
			peak = p
		}
	}
	if length == 0 {
		return reports.NoData
	}
	if st == reports.StatMax {
		return reports.Value(peak).Round(6)
	}
	return reports.Value(float64(sum) / length.Seconds()).Round(6)
}

// atEdge reports whether a series is of the CDN's viewer side.
func atEdge(of traffic.Series) bool {
	probe := traffic.Slot{EdgeRequests: 1, EdgeBytes: 1, Failed: 1}
	return of(&probe) > 0
}

func hitRatio(v *view, f *filter) reports.Value { return v.hitsIn(v.stretches(f)) }

func (v *view) hitsIn(stretches [][2]time.Duration) reports.Value {
	if !v.knowsOrigin() {
		return reports.NoData
	}
	var edge, origin int64
	for _, s := range stretches {
		edge += v.load.Sum(traffic.EdgeRequests, s[0], s[1])
		origin += v.load.Sum(traffic.OriginRequests, s[0], s[1])
	}
	if edge == 0 {
		return reports.NoData
	}
	return reports.Value(max(0, 1-float64(origin)/float64(edge)))
}

// worst is the highest value over the occurrences of the faults asked for.
func worst(of func(*view, *record.Occurrence) reports.Value) func(*view, *filter) reports.Value {
	return func(v *view, f *filter) reports.Value {
		worst := reports.NoData
		for i := range v.Phases.Occurrences {
			o := &v.Phases.Occurrences[i]
			if (f.rule < 0 || o.Fault.Rule == f.rule) && v.Phases.Lost(o, v.Config.Recovery) == nil {
				if a := of(v, o); !math.IsNaN(float64(a)) && !(a <= worst) {
					worst = a
				}
			}
		}
		return worst
	}
}

// peaks are the highest rates of a series in the baseline of an occurrence, and
// during fault and recovery, and when the second one was reached.
func (v *view) peaks(of traffic.Series, o *record.Occurrence, window time.Duration) (before, peak reports.Value, at time.Duration) {
	from, to := v.Phases.BaselineOf(o, v.Config.TargetDuration)
	b, _ := v.load.Peak(of, from, min(to, v.At), window)
	p, at := v.load.Peak(of, o.Applied, min(o.RecoveryEnd, v.At), window)
	return reports.Value(b).Round(3), reports.Value(p).Round(3), at
}

// times is how many times the baseline a peak is.
func times(peak, before reports.Value) reports.Value {
	if before > 0 && peak.Known() {
		return (peak / before).Round(4)
	}
	return reports.NoData
}

// faultOrigin compares the origin's load during fault and recovery with the
// baseline: the highest rates over a target duration.
func (v *view) faultOrigin(o *record.Occurrence) reports.FaultOrigin {
	n := reports.FaultOrigin{BaselineRps: reports.NoData, PeakRps: reports.NoData, Amplification: reports.NoData}
	if !v.knowsOrigin() || o.Applied == record.Forever {
		return n
	}
	n.BaselineRps, n.PeakRps, _ = v.peaks(traffic.OriginRequests, o, v.Config.TargetDuration)
	n.Amplification = times(n.PeakRps, n.BaselineRps)
	return n
}

// faultEdge compares the load on the CDN in the busiest second of fault and recovery
// with that in the busiest second of the baseline.
func (v *view) faultEdge(o *record.Occurrence) reports.FaultEdge {
	n := reports.FaultEdge{BaselineRps: reports.NoData, PeakRps: reports.NoData, PeakAfterS: reports.NoData, FailedRps: reports.NoData, Amplification: reports.NoData}
	if o.Applied == record.Forever {
		return n
	}
	var at time.Duration
	n.BaselineRps, n.PeakRps, at = v.peaks(traffic.EdgeRequests, o, time.Second)
	if n.PeakRps.Known() {
		n.PeakAfterS = reports.Value((at - o.Applied).Seconds()).Round(1)
	}
	_, n.FailedRps, _ = v.peaks(traffic.Failed, o, time.Second)
	n.Amplification = times(n.PeakRps, n.BaselineRps)
	return n
}
