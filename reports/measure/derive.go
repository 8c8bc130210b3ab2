package measure

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/figure"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// startedFormat is RFC 3339 with milliseconds, which a join with other people's
// clocks needs; whole seconds have none.
const startedFormat = "2006-01-02T15:04:05.999Z07:00"

// Finish ends a run: sessions still open are cut, and everything is derived.
// Samples that come later are ignored, so call it before the players are told
// to go away. It is called once.
func Finish(c *record.Collector, end End) *Finished {
	stop := map[int]reports.ExpectationResult{} // of those that ask for the moment before the sessions are cut
	v := &view{Record: c.Finish(end.At, func(r *record.Record) {
		for i, e := range r.Config.Expect {
			if e.AsksFor("stalled_now") {
				stop[i] = (&view{Record: r}).judge(e)
			}
		}
	})}
	v.traffic, v.source = v.truth(&end)
	s := &reports.Summary{
		Schema: reports.Schema, Scenario: v.Config.Scenario, Seed: v.Config.Seed, Mode: v.Config.Mode, Started: v.Config.Started.UTC().Format(startedFormat), RunID: v.Config.RunID,
		DurationS: reports.Value(figure.Round(end.At.Seconds(), 3)), Warnings: []string{}, HistUnit: "us",
	}
	s.Players = v.Players()
	s.Cohorts, s.Profiles = v.cohorts(), v.profiles()
	s.Faults = v.faults(&end)
	s.Requests = v.requests()
	estimate := v.Estimate()
	loads(s, v, estimate)
	rows(s, v, estimate)
	lag, _ := evaluators["tester_lag"].dist(v, &filter{rule: -1, cohort: -1, kind: -1})
	s.Tester = reports.Tester{LagMs: lag.Dist(1000, 0), CPUS: reports.Value(figure.Round(end.CPU.Seconds(), 3)), RSSPeakBytes: end.RSSPeak,
		DroppedSamples: end.DroppedSamples, GoroutinesPeak: end.Goroutines}
	if v.Config.Events != nil {
		s.Tester.DroppedEvents = v.Config.Events.Dropped()
	}
	s.Expectations = []reports.ExpectationResult{}
	for i, e := range v.Config.Expect {
		if r, ok := stop[i]; ok {
			s.Expectations = append(s.Expectations, r)
		} else {
			s.Expectations = append(s.Expectations, v.judge(e))
		}
	}
	inspect(s, v)
	f := &Finished{Summary: s, view: v, ending: reports.Ending{Interrupted: end.Interrupted, Unreachable: end.Unreachable, Lag: v.testerLag(), LagLimit: v.Config.LagLimit}}
	s.Decide(&f.ending)
	warn(s, v, &end)
	return f
}

// Finished is a run that is over.
type Finished struct {
	Summary *reports.Summary
	view    *view
	ending  reports.Ending
}

// truth is the load that was counted, else the estimate; and where it knows the
// origin's part from.
func (v *view) truth(end *End) (*traffic.Load, string) {
	if end.Traffic != nil {
		return end.Traffic, reports.FromRig
	}
	if t := v.Meter.Load(); t != nil {
		if !t.HasEdge() { // only the origin was counted: players know what they asked the CDN for
			t.TakeEdge(v.Estimate())
		}
		return t, reports.FromRig
	}
	if v.SawHeaders() {
		return v.Estimate(), reports.FromHeaders
	}
	return v.Estimate(), reports.FromNowhere
}

func (v *view) cohorts() map[string]*reports.CohortSummary {
	m := map[string]*reports.CohortSummary{"all": v.cohort(-1)}
	for i, c := range v.Config.Cohorts {
		m[c.Name] = v.cohort(i)
		m[c.Name].Profile, m[c.Name].Control = c.Profile, c.Control
	}
	return m
}

func (v *view) cohort(index int) *reports.CohortSummary {
	f := filter{rule: -1, cohort: index, kind: -1}
	sum := record.Totals{Latency: reports.CoarseHistogram(), Bitrate: reports.CoarseHistogram()}
	s := &reports.CohortSummary{}
	for k, g := range v.Groups() {
		if !f.who(v, k) {
			continue
		}
		s.Players += g.Sessions
		s.StartupFailed += g.StartupFailed
		s.Stalled += g.EverStalled
		s.Fatal += g.Fatal
		for _, c := range g.Totals {
			sum.Add(c)
		}
	}
	s.StartupMs, s.StallMs, s.LiveLatencyMs = sum.Startup.Dist(1000, 0), sum.Stall.Dist(1000, 0), sum.Latency.Dist(1000, 0)
	s.RebufferRatio, s.BitrateBps = reports.NoData, reports.NoData
	if total := sum.Stalled + sum.Played; total > 0 {
		s.RebufferRatio = reports.Value(float64(sum.Stalled) / float64(total))
	}
	if sum.Media > 0 {
		s.BitrateBps = reports.Value(figure.Round(float64(sum.Bits)/sum.Media.Seconds(), 0))
	}
	s.Switches = reports.Switches{Up: sum.Up, Down: sum.Down}
	return s
}

func (v *view) profiles() map[string]reports.ProfileSummary {
	m := map[string]reports.ProfileSummary{}
	withheld := v.withheld()
	for _, p := range v.Config.Profiles {
		m[p.Name] = reports.ProfileSummary{Player: p.Player, Confidence: p.Confidence, Withheld: withheld[p.Name]}
	}
	return m
}

func (v *view) faults(end *End) []reports.FaultSummary {
	all := []reports.FaultSummary{}
	for i := range v.Phases.Occurrences {
		o := &v.Phases.Occurrences[i]
		f := reports.FaultSummary{
			Name: o.Fault.Name, Occurrence: o.Fault.Occurrence, Fault: string(o.Fault.Kind), Via: string(o.Fault.Via),
			AppliedAtS: instant(o.Applied), ClearedAtS: instant(o.Cleared), RecoveryEndS: reports.NoData, BaselineFromS: reports.NoData,
			Noticed: []reports.Notice{}, Origin: v.faultOrigin(o),
		}
		if o.Fault.Pipeline != chaos.Any {
			p := o.Fault.Pipeline
			f.Pipeline = &p
		}
		if o.Applied != record.Forever {
			f.RecoveryEndS = instant(o.RecoveryEnd)
			if from, to := v.Phases.BaselineOf(o, v.Config.TargetDuration); to > from {
				f.BaselineFromS = instant(from)
			}
		}
		for _, e := range end.Faults {
			if e.Rule == o.Fault.Rule && e.Occurrence == o.Fault.Occurrence {
				f.UndoVerified, f.Problem = e.UndoVerified, e.Problem
			}
		}
		v.effects(int32(i), &f)
		v.predictions(int32(i), &f)
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b reports.FaultSummary) int {
		return int(1000*a.AppliedAtS.Order()) - int(1000*b.AppliedAtS.Order())
	})
	return all
}

func instant(t time.Duration) reports.Value {
	if t == record.Forever {
		return reports.NoData
	}
	return reports.Value(figure.Round(t.Seconds(), 3))
}

// effects fills in what an occurrence did to sessions.
func (v *view) effects(occ int32, f *reports.FaultSummary) {
	var all record.FaultTotals
	byProfile, byCohort := map[string]*record.FaultTotals{}, map[string]*record.FaultTotals{}
	for k, n := range v.Faults() {
		if k.Occurrence != occ {
			continue
		}
		all.Add(n)
		part(byProfile, v.Config.Profiles[k.Profile].Name).Add(n)
		part(byCohort, v.Config.Cohorts[k.Cohort].Name).Add(n)
		if k.During {
			f.JoinedDuring += n.Affected
		}
	}
	f.Affected, f.Unfinished = all.Affected, all.Unfinished
	f.FailedOver, f.Healed, f.Left, f.NeverRecovered = all.Outcomes[record.FailedOver], all.Outcomes[record.Healed], all.Outcomes[record.Left], all.Outcomes[record.NeverRecovered]
	f.Recovered = f.FailedOver + f.Healed
	f.FlappedBack, f.Probes, f.Steps, f.Fatal = all.Flapped, all.Probes, all.Steps, all.Fatal
	f.DetectionMs, f.FailoverMs = all.Detection.Dist(1000, all.Undetected), all.Failover.Dist(1000, all.Unmoved)
	f.OutageMs = outageDist(&all)
	f.ContentSkippedMs, f.ContentRepeatedMs = all.Skipped.Dist(1000, 0), all.Repeated.Dist(1000, 0)
	f.ByProfile, f.ByCohort = shares(byProfile), shares(byCohort)
}

// part is the totals of that name.
func part(m map[string]*record.FaultTotals, name string) *record.FaultTotals {
	if m[name] == nil {
		m[name] = &record.FaultTotals{}
	}
	return m[name]
}

func shares(of map[string]*record.FaultTotals) map[string]*reports.FaultShare {
	m := map[string]*reports.FaultShare{}
	for name, n := range of {
		m[name] = share(n)
	}
	return m
}

func outageDist(n *record.FaultTotals) reports.Dist {
	d := n.Outage.Dist(1000, 0)
	d.Censored = n.CutOff
	return d
}

func share(n *record.FaultTotals) *reports.FaultShare {
	return &reports.FaultShare{
		Affected: n.Affected, FailedOver: n.Outcomes[record.FailedOver], Healed: n.Outcomes[record.Healed], Left: n.Outcomes[record.Left], NeverRecovered: n.Outcomes[record.NeverRecovered],
		FlappedBack: n.Flapped, Fatal: n.Fatal,
		DetectionMs: n.Detection.Dist(1000, n.Undetected), FailoverMs: n.Failover.Dist(1000, n.Unmoved), OutageMs: outageDist(n),
	}
}

func (v *view) requests() map[string]*reports.RequestSummary {
	m := map[string]*reports.RequestSummary{}
	for k := range m3u8.Kinds {
		sum := record.Requests{TTFB: reports.CoarseHistogram(), Total: reports.CoarseHistogram(), Lag: reports.CoarseHistogram()}
		v.eachKind(&filter{rule: -1, cohort: -1, kind: int(k)}, func(r *record.Requests) { sum.Add(r) })
		if sum.Count > 0 || slices.Contains(requestKinds, k) {
			m[k.String()] = &reports.RequestSummary{Count: sum.Count, Errors: sum.Errors, ErrorsBy: orEmpty(sum.Why), NotMedia: maps.Clone(sum.Unfit), Bytes: sum.Bytes, TTFBMs: sum.TTFB.Dist(1000, 0), TotalMs: sum.Total.Dist(1000, 0)}
		}
	}
	return m
}

// loads fills in what CDN and origin had to carry.
func loads(s *reports.Summary, v *view, estimate *traffic.Load) {
	all := filter{rule: -1}
	rate := func(of traffic.Series) reports.Rate {
		return reports.Rate{Mean: v.rate(of, reports.StatMean, &all), Max: v.rate(of, reports.StatMax, &all)}
	}
	of := func(s traffic.Series) int64 { return v.traffic.Total(s) }
	s.Edge = reports.EdgeSummary{Requests: of(traffic.EdgeRequests), Bytes: of(traffic.EdgeBits) / 8, Rps: rate(traffic.EdgeRequests), Bps: rate(traffic.EdgeBits), ByPop: orEmpty(v.traffic.ByPop)}
	s.Origin = reports.OriginSummary{Source: v.source, Rps: rate(traffic.OriginRequests), Bps: rate(traffic.OriginBits), HitRatio: hitRatio(v, &all),
		ByStatus: map[string]int64{}, Estimated: reports.NoData}
	if v.knowsOrigin() {
		s.Origin.Requests, s.Origin.Bytes, s.Origin.ByStatus = of(traffic.OriginRequests), of(traffic.OriginBits)/8, orEmpty(v.traffic.ByStatus)
	}
	s.Edge.Redirects = v.Redirects()
	fetched := v.OriginFirstByte()
	if v.SawHeaders() {
		s.Origin.Estimated = reports.Value(estimate.Total(traffic.OriginRequests))
	}
	s.Origin.ByPop, s.Origin.AnsweredBy, s.Origin.FirstByteMs = orEmpty(estimate.OriginByPop), map[string]int64{}, fetched.Dist(1000, 0)
	s.Origin.Numbers, s.Origin.NotUnderstood = []reports.OriginNumber{}, v.NotUnderstood()
	if v.source == reports.FromRig {
		s.Origin.SetNumber(reports.OriginNumber{Source: reports.FromRig, Requests: reports.Value(s.Origin.Requests), Bytes: reports.Value(s.Origin.Bytes), Of: "all that reached the origin"})
	}
	if s.Origin.Estimated.Known() {
		s.Origin.SetNumber(reports.OriginNumber{Source: reports.FromHeaders, Requests: s.Origin.Estimated, Bytes: reports.Value(estimate.Total(traffic.OriginBits) / 8), Of: "what the answers to this run's requests say"})
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
func rows(s *reports.Summary, v *view, estimate *traffic.Load) {
	r := v.Record.Timeline()
	for t := time.Duration(0); t < v.At; t += r.Step {
		r.At(t) // so that a quiet end has rows, too
	}
	if n := int((v.At + r.Step - 1) / r.Step); n > 0 && n < len(r.Rows) {
		r.Rows = r.Rows[:n] // the instant of the end is no row of its own
	}
	r.Fold(reports.MaxRows)
	s.TimelineStepS = int(r.Step / time.Second)
	s.Timeline = make([]reports.Row, 0, len(r.Rows))
	now := record.Row{Pipeline: make([]int64, v.Config.Pipelines)}
	for i := range r.Rows {
		errors := r.Rows[i].Errors
		now.Add(&r.Rows[i])
		from := time.Duration(i) * r.Step
		to := min(from+r.Step, v.At)
		s.Timeline = append(s.Timeline, reports.Row{
			T: int(from / time.Second), Joining: now.Joining, Playing: now.Playing, Stalled: now.Stalled, Pipeline: slices.Clone(now.Pipeline),
			EdgeRps: v.average(traffic.EdgeRequests, from, to), EdgeBps: v.average(traffic.EdgeBits, from, to),
			OriginRps: v.average(traffic.OriginRequests, from, to), OriginBps: v.average(traffic.OriginBits, from, to),
			OriginEstimatedRps: estimated(s, estimate, from, to), Errors: errors,
		})
	}
}

// estimated is the estimate of the origin's load beside what was counted.
func estimated(s *reports.Summary, t *traffic.Load, from, to time.Duration) reports.Value {
	if s.Origin.Source != reports.FromRig || !s.Origin.Estimated.Known() || to <= from {
		return reports.NoData
	}
	return reports.Value(figure.Round(float64(t.Sum(traffic.OriginRequests, from, to))/(to-from).Seconds(), 3))
}

func (v *view) average(of traffic.Series, from, to time.Duration) reports.Value {
	if to <= from || !v.knowsOrigin() && !atEdge(of) {
		return reports.NoData
	}
	return reports.Value(figure.Round(float64(v.traffic.Sum(of, from, to))/(to-from).Seconds(), 3))
}

// warn adds what a reader must know before believing a number.
func warn(s *reports.Summary, v *view, end *End) {
	s.Warnings = append(s.Warnings, end.Warnings...)
	add := func(format string, args ...any) { s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...)) }
	for i := range s.Faults {
		f := &s.Faults[i]
		kind := chaos.Kind(f.Fault)
		if !f.AppliedAtS.Known() || f.Problem != "" {
			continue
		}
		name := f.Title(s)
		instantly := f.ClearedAtS == f.AppliedAtS
		if f.Affected == 0 && !instantly && kind.Spec().Part != chaos.PartAudience {
			add("fault %s took effect, but no session was affected", name)
		}
		if !f.ClearedAtS.Known() {
			add("fault %s was on when the run ended: its outcomes are those of that instant", name)
		}
		switch length := float64(f.AppliedAtS - f.BaselineFromS); {
		case !f.BaselineFromS.Known():
			add("fault %s has no baseline: it began before the arrivals were complete, or while another fault was on or in recovery", name)
		case length < 3*v.Config.TargetDuration.Seconds():
			add("fault %s has a baseline of only %s (less than 3 target durations)", name, figure.Seconds(1000*length))
		}
	}
	s.Warnings = append(s.Warnings, residuals(s)...)
	if w := warnWithheld(s); w != "" {
		s.Warnings = append(s.Warnings, w)
	}
	if n := s.Tester.DroppedEvents; n > 0 {
		add("events.ndjson lacks %s: they came faster than they could be written", figure.Plural(int(n), "event"))
	}
}

// requestKinds are the kinds that are always in Requests; keys only when used.
var requestKinds = []m3u8.Kind{m3u8.KindMultivariant, m3u8.KindMedia, m3u8.KindInit, m3u8.KindSegment}
