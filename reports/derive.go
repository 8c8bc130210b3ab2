package reports

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
)

// startedFormat is RFC 3339 with milliseconds, which a join with other people's
// clocks needs; whole seconds have none.
const startedFormat = "2006-01-02T15:04:05.999Z07:00"

// Finish ends a run: sessions still open are cut, and everything is derived.
// Samples that come later are ignored, so call it before the players are told
// to go away. It is called once.
func Finish(c *Collector, end End) *Finished {
	stop := map[int]ExpectationResult{} // of those that ask for the moment before the sessions are cut
	v := &view{Record: c.finish(end.At, func(r *Record) {
		for i, e := range r.Config.Expect {
			if e.asksFor("stalled_now") {
				stop[i] = (&view{Record: r}).judge(e)
			}
		}
	})}
	v.traffic, v.source = v.truth(&end)
	s := &Summary{
		Schema: Schema, Scenario: v.Config.Scenario, Seed: v.Config.Seed, Mode: v.Config.Mode, Started: v.Config.Started.UTC().Format(startedFormat), RunID: v.Config.RunID,
		DurationS: Value(round(end.At.Seconds(), 3)), Warnings: []string{}, HistUnit: "us",
	}
	s.Players = v.players()
	s.Cohorts, s.Profiles = v.cohorts(), v.profiles()
	s.Faults = v.faults(&end)
	s.Requests = v.requests()
	estimate := v.estimate()
	s.loads(v, estimate)
	s.rows(v, estimate)
	lag, _ := evaluators["tester_lag"].dist(v, &filter{rule: -1, cohort: -1, kind: -1})
	s.Tester = Tester{LagMs: lag.dist(1000, 0), CPUS: Value(round(end.CPU.Seconds(), 3)), RSSPeakBytes: end.RSSPeak,
		DroppedSamples: end.DroppedSamples, GoroutinesPeak: end.Goroutines}
	if v.Config.Events != nil {
		s.Tester.DroppedEvents = v.Config.Events.Dropped()
	}
	s.Expectations = []ExpectationResult{}
	for i, e := range v.Config.Expect {
		if r, ok := stop[i]; ok {
			s.Expectations = append(s.Expectations, r)
		} else {
			s.Expectations = append(s.Expectations, v.judge(e))
		}
	}
	s.inspect(v)
	f := &Finished{Summary: s, view: v, ending: Ending{Interrupted: end.Interrupted, Unreachable: end.Unreachable, Lag: v.testerLag(), LagLimit: v.Config.LagLimit}}
	s.decide(&f.ending)
	s.warn(v, &end)
	return f
}

// Finished is a run that is over.
type Finished struct {
	Summary *Summary
	view    *view
	ending  Ending
}

// Where the origin's load is known from.
const (
	fromRig     = "rig"
	fromHeaders = "headers"
	// Joined afterwards.
	fromLogs       = "logs"
	fromCloudWatch = "cloudwatch"
	fromNowhere    = "none"
)

// truth is the load that was counted, else the estimate; and where it knows the
// origin's part from.
func (v *view) truth(end *End) (*Traffic, string) {
	if end.Traffic != nil {
		return end.Traffic, fromRig
	}
	if t := v.meter.traffic(); t != nil {
		if !t.hasEdge() { // only the origin was counted: players know what they asked the CDN for
			t.takeEdge(v.estimate())
		}
		return t, fromRig
	}
	if v.sawHeaders() {
		return v.estimate(), fromHeaders
	}
	return v.estimate(), fromNowhere
}

func (v *view) cohorts() map[string]*CohortSummary {
	m := map[string]*CohortSummary{"all": v.cohort(-1)}
	for i, c := range v.Config.Cohorts {
		m[c.Name] = v.cohort(i)
		m[c.Name].Profile, m[c.Name].Control = c.Profile, c.Control
	}
	return m
}

func (v *view) cohort(index int) *CohortSummary {
	f := filter{rule: -1, cohort: index, kind: -1}
	sum := cell{latency: coarseHistogram(), bitrate: coarseHistogram()}
	s := &CohortSummary{}
	for k, g := range v.groups() {
		if !f.who(v, k) {
			continue
		}
		s.Players += g.sessions
		s.StartupFailed += g.startupFailed
		s.Stalled += g.everStalled
		s.Fatal += g.fatal
		for _, c := range g.cells {
			sum.add(c)
		}
	}
	s.StartupMs, s.StallMs, s.LiveLatencyMs = sum.startup.dist(1000, 0), sum.stall.dist(1000, 0), sum.latency.dist(1000, 0)
	s.RebufferRatio, s.BitrateBps = NoData, NoData
	if total := sum.stalled + sum.played; total > 0 {
		s.RebufferRatio = Value(float64(sum.stalled) / float64(total))
	}
	if sum.media > 0 {
		s.BitrateBps = Value(round(float64(sum.bits)/sum.media.Seconds(), 0))
	}
	s.Switches = Switches{sum.up, sum.down}
	return s
}

func (v *view) profiles() map[string]ProfileSummary {
	m := map[string]ProfileSummary{}
	withheld := v.withheld()
	for _, p := range v.Config.Profiles {
		m[p.Name] = ProfileSummary{Player: p.Player, Confidence: p.Confidence, Withheld: withheld[p.Name]}
	}
	return m
}

func (v *view) faults(end *End) []FaultSummary {
	all := []FaultSummary{}
	for i := range v.course.occs {
		o := &v.course.occs[i]
		f := FaultSummary{
			Name: o.fault.Name, Occurrence: o.fault.Occurrence, Fault: string(o.fault.Kind), Via: string(o.fault.Via),
			AppliedAtS: instant(o.applied), ClearedAtS: instant(o.cleared), RecoveryEndS: NoData, BaselineFromS: NoData,
			Noticed: []Notice{}, Origin: v.faultOrigin(o),
		}
		if o.fault.Pipeline != chaos.Any {
			p := o.fault.Pipeline
			f.Pipeline = &p
		}
		if o.applied != forever {
			f.RecoveryEndS = instant(o.recEnd)
			if from, to := v.course.baselineOf(o, v.Config.TargetDuration); to > from {
				f.BaselineFromS = instant(from)
			}
		}
		for _, e := range end.Faults {
			if e.Rule == o.fault.Rule && e.Occurrence == o.fault.Occurrence {
				f.UndoVerified, f.Problem = e.UndoVerified, e.Problem
			}
		}
		v.effects(int32(i), &f)
		v.predictions(int32(i), &f)
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b FaultSummary) int { return int(1000*a.AppliedAtS.order()) - int(1000*b.AppliedAtS.order()) })
	return all
}

func instant(t time.Duration) Value {
	if t == forever {
		return NoData
	}
	return Value(round(t.Seconds(), 3))
}

// effects fills in what an occurrence did to sessions.
func (v *view) effects(occ int32, f *FaultSummary) {
	var all impact
	byProfile, byCohort := map[string]*impact{}, map[string]*impact{}
	for k, n := range v.impacts() {
		if k.occ != occ {
			continue
		}
		all.add(n)
		part(byProfile, v.Config.Profiles[k.profile].Name).add(n)
		part(byCohort, v.Config.Cohorts[k.cohort].Name).add(n)
		if k.during {
			f.JoinedDuring += n.affected
		}
	}
	f.Affected, f.Unfinished = all.affected, all.unfinished
	f.FailedOver, f.Healed, f.Left, f.NeverRecovered = all.outcomes[failedOver], all.outcomes[healed], all.outcomes[left], all.outcomes[neverRecovered]
	f.Recovered = f.FailedOver + f.Healed
	f.FlappedBack, f.Probes, f.Steps, f.Fatal = all.flapped, all.probes, all.steps, all.fatal
	f.DetectionMs, f.FailoverMs = all.detection.dist(1000, all.undetected), all.failover.dist(1000, all.unmoved)
	f.OutageMs = all.outageDist()
	f.ContentSkippedMs, f.ContentRepeatedMs = all.skipped.dist(1000, 0), all.repeated.dist(1000, 0)
	f.ByProfile, f.ByCohort = shares(byProfile), shares(byCohort)
}

// part is the impact of that name.
func part(m map[string]*impact, name string) *impact {
	if m[name] == nil {
		m[name] = &impact{}
	}
	return m[name]
}

func shares(of map[string]*impact) map[string]*FaultShare {
	m := map[string]*FaultShare{}
	for name, n := range of {
		m[name] = n.share()
	}
	return m
}

func (n *impact) outageDist() Dist {
	d := n.outage.dist(1000, 0)
	d.Censored = n.cutOff
	return d
}

func (n *impact) share() *FaultShare {
	return &FaultShare{
		Affected: n.affected, FailedOver: n.outcomes[failedOver], Healed: n.outcomes[healed], Left: n.outcomes[left], NeverRecovered: n.outcomes[neverRecovered],
		FlappedBack: n.flapped, Fatal: n.fatal,
		DetectionMs: n.detection.dist(1000, n.undetected), FailoverMs: n.failover.dist(1000, n.unmoved), OutageMs: n.outageDist(),
	}
}

func (v *view) requests() map[string]*RequestSummary {
	m := map[string]*RequestSummary{}
	for k := range m3u8.Kinds {
		sum := requests{ttfb: coarseHistogram(), total: coarseHistogram(), lag: coarseHistogram()}
		v.eachKind(&filter{rule: -1, cohort: -1, kind: int(k)}, func(r *requests) { sum.add(r) })
		if sum.count > 0 || slices.Contains(requestKinds, k) {
			m[k.String()] = &RequestSummary{Count: sum.count, Errors: sum.errors, ErrorsBy: orEmpty(sum.why), NotMedia: maps.Clone(sum.unfit), Bytes: sum.bytes, TTFBMs: sum.ttfb.dist(1000, 0), TotalMs: sum.total.dist(1000, 0)}
		}
	}
	return m
}

// loads fills in what CDN and origin had to carry.
func (s *Summary) loads(v *view, estimate *Traffic) {
	all := filter{rule: -1}
	rate := func(of series) Rate { return Rate{v.rate(of, statMean, &all), v.rate(of, statMax, &all)} }
	of := func(s series) int64 { return v.traffic.total(s) }
	s.Edge = EdgeSummary{Requests: of(edgeRequests), Bytes: of(edgeBits) / 8, Rps: rate(edgeRequests), Bps: rate(edgeBits), ByPop: orEmpty(v.traffic.ByPop)}
	s.Origin = OriginSummary{Source: v.source, Rps: rate(originRequests), Bps: rate(originBits), HitRatio: hitRatio(v, &all),
		ByStatus: map[string]int64{}, Estimated: NoData}
	if v.knowsOrigin() {
		s.Origin.Requests, s.Origin.Bytes, s.Origin.ByStatus = of(originRequests), of(originBits)/8, orEmpty(v.traffic.ByStatus)
	}
	s.Edge.Redirects = v.redirects()
	fetched := v.originFirstByte()
	if v.sawHeaders() {
		s.Origin.Estimated = Value(estimate.total(originRequests))
	}
	s.Origin.ByPop, s.Origin.AnsweredBy, s.Origin.FirstByteMs = orEmpty(estimate.OriginByPop), map[string]int64{}, fetched.dist(1000, 0)
	s.Origin.Numbers, s.Origin.NotUnderstood = []OriginNumber{}, v.notUnderstood()
	if v.source == fromRig {
		s.Origin.number(OriginNumber{fromRig, Value(s.Origin.Requests), Value(s.Origin.Bytes), "all that reached the origin"})
	}
	if s.Origin.Estimated.Known() {
		s.Origin.number(OriginNumber{fromHeaders, s.Origin.Estimated, Value(estimate.total(originBits) / 8), "what the answers to this run's requests say"})
	}
	for l, n := range estimate.ByLayer {
		if name := cdn.Layer(l).String(); n > 0 && name != "" {
			s.Origin.AnsweredBy[name] = n
		}
	}
}

func orEmpty(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return maps.Clone(m)
}

// rows derives the rows from changes and traffic.
func (s *Summary) rows(v *view, estimate *Traffic) {
	r := v.Record.timeline()
	for t := time.Duration(0); t < v.At; t += r.step {
		r.at(t) // so that a quiet end has rows, too
	}
	if n := int((v.At + r.step - 1) / r.step); n > 0 && n < len(r.row) {
		r.row = r.row[:n] // the instant of the end is no row of its own
	}
	r.fold(maxRows)
	s.TimelineStepS = int(r.step / time.Second)
	s.Timeline = make([]Row, 0, len(r.row))
	now := row{pipeline: make([]int64, v.Config.Pipelines)}
	for i := range r.row {
		errors := r.row[i].errors
		now.add(&r.row[i])
		from := time.Duration(i) * r.step
		to := min(from+r.step, v.At)
		s.Timeline = append(s.Timeline, Row{
			T: int(from / time.Second), Joining: now.joining, Playing: now.playing, Stalled: now.stalled, Pipeline: slices.Clone(now.pipeline),
			EdgeRps: v.average(edgeRequests, from, to), EdgeBps: v.average(edgeBits, from, to),
			OriginRps: v.average(originRequests, from, to), OriginBps: v.average(originBits, from, to),
			OriginEstimatedRps: s.estimated(estimate, from, to), Errors: errors,
		})
	}
}

// estimated is the estimate of the origin's load beside what was counted.
func (s *Summary) estimated(t *Traffic, from, to time.Duration) Value {
	if s.Origin.Source != fromRig || !s.Origin.Estimated.Known() || to <= from {
		return NoData
	}
	return Value(round(float64(t.sum(originRequests, from, to))/(to-from).Seconds(), 3))
}

func (v *view) average(of series, from, to time.Duration) Value {
	if to <= from || !v.knowsOrigin() && !atEdge(of) {
		return NoData
	}
	return Value(round(float64(v.traffic.sum(of, from, to))/(to-from).Seconds(), 3))
}

// warn adds what a reader must know before believing a number.
func (s *Summary) warn(v *view, end *End) {
	s.Warnings = append(s.Warnings, end.Warnings...)
	add := func(format string, args ...any) { s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...)) }
	for i := range s.Faults {
		f := &s.Faults[i]
		kind := chaos.Kind(f.Fault)
		if !f.AppliedAtS.Known() || f.Problem != "" {
			continue
		}
		name := f.title(s)
		instantly := f.ClearedAtS == f.AppliedAtS
		if f.Affected == 0 && !instantly && kind.Spec().Part != chaos.PartAudience {
			add("fault %s bit, but nobody was affected", name)
		}
		if !f.ClearedAtS.Known() {
			add("fault %s was on when the run ended: its outcomes are those of that instant", name)
		}
		switch length := float64(f.AppliedAtS - f.BaselineFromS); {
		case !f.BaselineFromS.Known():
			add("fault %s has no baseline: it began before the arrivals were complete, or while another fault was on or in recovery", name)
		case length < 3*v.Config.TargetDuration.Seconds():
			add("fault %s has a baseline of only %s (less than 3 target durations)", name, seconds(1000*length))
		}
	}
	s.Warnings = append(s.Warnings, s.residuals()...)
	if w := s.warnWithheld(); w != "" {
		s.Warnings = append(s.Warnings, w)
	}
	if n := s.Tester.DroppedEvents; n > 0 {
		add("events.ndjson lacks %s: they came faster than they could be written", plural(int(n), "event"))
	}
}
