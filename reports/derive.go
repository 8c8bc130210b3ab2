package reports

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
)

// startedFormat is RFC 3339 with milliseconds, which a join with other people's
// clocks needs; whole seconds have none.
const startedFormat = "2006-01-02T15:04:05.999Z07:00"

// Finish ends the run: sessions still open are cut, and everything is derived.
// Samples that come later are ignored, so call it before the players are told
// to go away. It is called once.
func (c *Collector) Finish(end End) *Summary {
	co := c.course.Load()
	v := &view{cfg: &c.cfg, course: co, shards: c.shards, end: end.At}
	final := slices.Clone(co.occs)
	for i := range final {
		// What the end cut off ended there.
		final[i].recEnd = min(final[i].recEnd, max(end.At, final[i].applied))
	}
	v.course = &course{pieces: co.pieces, spans: co.spans, occs: final}
	for _, sh := range c.shards {
		sh.mu.Lock()
		defer sh.mu.Unlock()
	}
	stop := c.momentary(v)
	for _, sh := range c.shards {
		sh.cut(v.course, end.At)
	}
	v.traffic, v.source = c.truth(&end)
	s := &Summary{
		Schema: Schema, Scenario: c.cfg.Scenario, Seed: c.cfg.Seed, Mode: c.cfg.Mode, Started: c.cfg.Started.UTC().Format(startedFormat), RunID: c.cfg.RunID,
		DurationS: Value(round(end.At.Seconds(), 3)), Warnings: []string{}, HistUnit: "us",
	}
	s.Players = v.players(c)
	s.Cohorts, s.Profiles = v.cohorts(), v.profiles()
	s.Faults = v.faults(&end)
	s.Requests = v.requests()
	estimate := c.estimate()
	s.loads(v, estimate)
	s.timeline(v, estimate)
	lag, _ := metricNamed("tester_lag").dist(v, &filter{rule: -1, cohort: -1, kind: -1})
	s.Tester = Tester{LagMs: lag.dist(1000, 0), CPUS: Value(round(end.CPU.Seconds(), 3)), RSSPeakBytes: end.RSSPeak,
		DroppedSamples: end.DroppedSamples, GoroutinesPeak: end.Goroutines}
	if c.cfg.Events != nil {
		s.Tester.DroppedEvents = c.cfg.Events.Dropped()
	}
	s.Expectations = []ExpectationResult{}
	for i, e := range c.cfg.Expect {
		if r, ok := stop[i]; ok {
			s.Expectations = append(s.Expectations, r)
		} else {
			s.Expectations = append(s.Expectations, v.judge(e))
		}
	}
	s.inspect(v)
	c.final = finished{v, end, v.testerLag()}
	s.decide(&end, c.final.lag, c.cfg.LagLimit)
	s.warn(v, &end)
	return s
}

// momentary evaluates the expectations that ask for the moment, which is the
// last one before the sessions are cut.
func (c *Collector) momentary(v *view) map[int]ExpectationResult {
	res := map[int]ExpectationResult{}
	for i, e := range c.cfg.Expect {
		if e.left.metric.name == "stalled_now" || e.operator != 0 && e.right.metric.name == "stalled_now" {
			res[i] = v.judge(e)
		}
	}
	return res
}

// cut ends all open sessions and settles what waited for the end.
func (sh *shard) cut(co *course, end time.Duration) {
	for len(sh.open) > 0 {
		s := sh.open[len(sh.open)-1]
		s.advance(co, max(end, s.at))
		s.end(co, max(end, s.at), player.Joined)
	}
	for i := range sh.pending {
		p := &sh.pending[i]
		p.t.settle(&co.occs[p.t.occ], end, p.how, false)
	}
	sh.pending = nil
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
func (c *Collector) truth(end *End) (*Traffic, string) {
	if end.Traffic != nil {
		return end.Traffic, fromRig
	}
	if t := c.meter.traffic(); t != nil {
		if !t.hasEdge() { // only the origin was counted: players know what they asked the CDN for
			t.takeEdge(c.estimate())
		}
		return t, fromRig
	}
	if c.sawHeaders() {
		return c.estimate(), fromHeaders
	}
	return c.estimate(), fromNowhere
}

// estimate is the load as the players saw it.
func (c *Collector) estimate() *Traffic {
	t := newTraffic(c.cfg.Duration)
	for _, sh := range c.shards {
		t.add(&sh.traffic)
	}
	return &t
}

func (c *Collector) sawHeaders() bool {
	return slices.ContainsFunc(c.shards, func(sh *shard) bool { return sh.headers })
}

func (v *view) players(c *Collector) Players {
	p := Players{Peak: c.presence.peak}
	for _, sh := range v.shards {
		p.PlayingAtEnd += sh.playingAtEnd
		p.Rejoined += sh.rejoins
		for _, g := range sh.groups {
			p.Started += g.sessions
			p.StartupFailed += g.startupFailed
			p.Unfinished += g.unfinished
			p.Fatal += g.fatal
			p.Left += g.left
			p.Ended += g.ended
			p.Stalled += g.everStalled
		}
	}
	return p
}

func (v *view) cohorts() map[string]*CohortSummary {
	m := map[string]*CohortSummary{"all": v.cohort(-1)}
	for i, c := range v.cfg.Cohorts {
		m[c.Name] = v.cohort(i)
		m[c.Name].Profile, m[c.Name].Control = c.Profile, c.Control
	}
	return m
}

func (v *view) cohort(index int) *CohortSummary {
	f := filter{rule: -1, cohort: index, kind: -1}
	sum := cell{latency: coarseHistogram(), bitrate: coarseHistogram()}
	s := &CohortSummary{}
	for _, sh := range v.shards {
		for k, g := range sh.groups {
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
	for _, p := range v.cfg.Profiles {
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
			ByProfile: map[string]*FaultShare{}, ByCohort: map[string]*FaultShare{}, Noticed: []Notice{}, Origin: v.faultOrigin(o),
		}
		if o.fault.Pipeline != chaos.Any {
			p := o.fault.Pipeline
			f.Pipeline = &p
		}
		if o.applied != forever {
			f.RecoveryEndS = instant(o.recEnd)
			if from, to := v.course.baselineOf(o, v.cfg.TargetDuration); to > from {
				f.BaselineFromS = instant(from)
			}
		}
		for _, e := range end.Faults {
			if e.Rule == o.fault.Rule && e.Occurrence == o.fault.Occurrence {
				f.UndoVerified, f.Problem = e.UndoVerified, e.Problem
			}
		}
		v.impacts(int32(i), &f)
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

// impacts fills in what an occurrence did to sessions.
func (v *view) impacts(occ int32, f *FaultSummary) {
	var all impact
	byProfile, byCohort := map[string]*impact{}, map[string]*impact{}
	part := func(m map[string]*impact, name string) *impact {
		if m[name] == nil {
			m[name] = &impact{}
		}
		return m[name]
	}
	for _, sh := range v.shards {
		for k, n := range sh.impacts {
			if k.occ != occ {
				continue
			}
			all.add(n)
			part(byProfile, v.cfg.Profiles[k.profile].Name).add(n)
			part(byCohort, v.cfg.Cohorts[k.cohort].Name).add(n)
			if k.during {
				f.JoinedDuring += n.affected
			}
		}
	}
	f.Affected, f.Unfinished = all.affected, all.unfinished
	f.FailedOver, f.Healed, f.Left, f.NeverRecovered = all.outcomes[failedOver], all.outcomes[healed], all.outcomes[left], all.outcomes[neverRecovered]
	f.Recovered = f.FailedOver + f.Healed
	f.FlappedBack, f.Probes, f.Steps, f.Fatal = all.flapped, all.probes, all.steps, all.fatal
	f.DetectionMs, f.FailoverMs = all.detection.dist(1000, all.undetected), all.failover.dist(1000, all.unmoved)
	f.OutageMs = all.outageDist()
	f.ContentSkippedMs, f.ContentRepeatedMs = all.skipped.dist(1000, 0), all.repeated.dist(1000, 0)
	for name, n := range byProfile {
		f.ByProfile[name] = n.share()
	}
	for name, n := range byCohort {
		f.ByCohort[name] = n.share()
	}
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
	of := func(s series) int64 { return v.traffic.sum(s, 0, forever) }
	s.Edge = EdgeSummary{Requests: of(edgeRequests), Bytes: of(edgeBits) / 8, Rps: rate(edgeRequests), Bps: rate(edgeBits), ByPop: orEmpty(v.traffic.ByPop)}
	s.Origin = OriginSummary{Source: v.source, Rps: rate(originRequests), Bps: rate(originBits), HitRatio: hitRatio(v, &all),
		ByStatus: map[string]int64{}, Estimated: NoData}
	if v.knowsOrigin() {
		s.Origin.Requests, s.Origin.Bytes, s.Origin.ByStatus = of(originRequests), of(originBits)/8, orEmpty(v.traffic.ByStatus)
	}
	fetched, odd := coarseHistogram(), oddHeaders{}
	for _, sh := range v.shards {
		s.Edge.Redirects += sh.redirects
		fetched.Merge(&sh.fetched)
		odd.merge(sh.odd)
		if sh.headers {
			s.Origin.Estimated = Value(estimate.sum(originRequests, 0, forever))
		}
	}
	s.Origin.ByPop, s.Origin.AnsweredBy, s.Origin.FirstByteMs = orEmpty(estimate.OriginByPop), map[string]int64{}, fetched.dist(1000, 0)
	s.Origin.Numbers, s.Origin.NotUnderstood = []OriginNumber{}, odd.list()
	if v.source == fromRig {
		s.Origin.number(OriginNumber{fromRig, Value(s.Origin.Requests), Value(s.Origin.Bytes), "all that reached the origin"})
	}
	if s.Origin.Estimated.Known() {
		s.Origin.number(OriginNumber{fromHeaders, s.Origin.Estimated, Value(estimate.sum(originBits, 0, forever) / 8), "what the answers to this run's requests say"})
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

// timeline derives the rows from changes and traffic.
func (s *Summary) timeline(v *view, estimate *Traffic) {
	r := newRows(v.cfg.Duration, v.cfg.Pipelines)
	for _, sh := range v.shards {
		r.add(&sh.rows)
	}
	for t := time.Duration(0); t < v.end; t += r.step {
		r.at(t) // so that a quiet end has rows, too
	}
	if n := int((v.end + r.step - 1) / r.step); n > 0 && n < len(r.row) {
		r.row = r.row[:n] // the instant of the end is no row of its own
	}
	r.fold(maxRows)
	s.TimelineStepS = int(r.step / time.Second)
	s.Timeline = make([]Row, 0, len(r.row))
	now := row{pipeline: make([]int64, v.cfg.Pipelines)}
	for i := range r.row {
		errors := r.row[i].errors
		now.add(&r.row[i])
		from := time.Duration(i) * r.step
		to := min(from+r.step, v.end)
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
		case length < 3*v.cfg.TargetDuration.Seconds():
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
