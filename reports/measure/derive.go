package measure

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/figure"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// startedFormat is RFC 3339 with milliseconds, which a join with access
// logs needs; whole seconds have none.
const startedFormat = "2006-01-02T15:04:05.999Z07:00"

// Finish ends a run: sessions still open are cut, and everything is derived.
// Samples that come later are ignored, so call it before the players are stopped. It is called once.
func Finish(c *record.Collector, end End) *Finished { return Derive(c.Finish(end.At), end) }

// SoFar derives the summary of a run that goes on.
func SoFar(c *record.Collector, end End) *reports.Summary { return Derive(c.Part(end.At), end).Summary }

// Derive derives everything from the part that has all sessions of a run. Of a run that
// goes on, what becomes of sessions that are still open is in it as far as it is settled;
// what each fault did to them so far stands beside it.
func Derive(p *record.Part, end End) *Finished {
	v := &view{Record: p.Record()}
	f := v.derive(&end)
	if !p.Over {
		for k := range f.Summary.Faults {
			s := &f.Summary.Faults[k]
			if n := &p.Live.Faults[v.numberOf(s)]; n.Applied {
				s.SoFar = &reports.FaultSoFar{Affected: n.Affected, FailedOver: n.FailedOver, Healed: n.Healed}
			}
		}
	}
	if !end.Watching {
		f.pool()
	}
	return f
}

// derive derives everything.
func (v *view) derive(end *End) *Finished {
	v.load, v.source = v.truth(end)
	v.lost, v.lostLimit = lostOf(end.Agents), end.LostLimit
	s := &reports.Summary{
		Schema: reports.Schema, Scenario: v.Config.Scenario, Seed: v.Config.Seed, Mode: v.Config.Mode, Target: v.Config.Target, Build: v.Config.Build, RunID: v.Config.RunID, Key: v.Config.RunKey.Clone(),
		Started: v.Config.Started.UTC().Format(startedFormat), Ended: v.Config.Started.Add(end.At).UTC().Format(startedFormat),
		DurationS: reports.Value(end.At.Seconds()).Round(3), TargetDurationS: reports.Value(v.Config.TargetDuration.Seconds()), Warnings: []string{}, WhatHelps: []string{}, Resumed: []reports.Resumed{}, HistUnit: "us",
	}
	if s.Scenario.Overrides == nil {
		s.Scenario.Overrides = []reports.Override{}
	}
	s.Players = v.Players()
	s.Cohorts, s.Profiles = v.cohorts(), v.profiles()
	s.Faults = v.faults(end)
	s.Requests = v.requests()
	loads(s, v)
	rows(s, v)
	lostTime := v.resumed(s)
	lag, _ := evaluators["tester_lag"].dist(v, &filter{rule: -1, cohort: -1, kind: -1})
	s.Tester = reports.Tester{LagMs: lag.Dist(1000, 0), CPUS: reports.Value(end.CPU.Seconds()).Round(3), RSSPeakBytes: end.RSSPeak,
		DroppedSamples: end.DroppedSamples, DroppedEvents: v.DroppedEvents, GoroutinesPeak: end.Goroutines, Trends: end.Trends}
	s.Expectations = []reports.ExpectationResult{}
	for _, e := range v.Config.Expect {
		s.Expectations = append(s.Expectations, v.judge(e))
	}
	s.Known = []reports.KnownResult{}
	for _, e := range v.Config.Known {
		r := v.measured(e)
		s.Known = append(s.Known, reports.KnownResult{Expr: r.Expr, Value: r.Value, Unit: r.Unit, Holds: r.Pass, Reason: r.Reason, NotMeasured: r.NotMeasured, Windows: r.Windows})
	}
	s.Drift = v.drifts()
	inspect(s, v)
	gone := v.agents(s, end)
	f := &Finished{Summary: s, view: v, ending: reports.Ending{Interrupted: end.Interrupted, Unreachable: end.Unreachable, Lag: v.testerLag(), LagLimit: v.Config.LagLimit,
		Lost: gone, Gone: end.Gone, Blurred: end.Blurred, LostLimit: end.LostLimit, Players: v.lost.of}}
	f.ending.LostTime = lostTime
	s.Decide(&f.ending)
	advise(s, v, &f.ending)
	if w := f.ending.LostWarning(); w != "" {
		s.Warnings = append(s.Warnings, w)
	}
	warn(s, v, end)
	return f
}

// Finished is a run that is over.
type Finished struct {
	Summary *reports.Summary
	view    *view
	ending  reports.Ending
}

// truth returns the load that was counted, else the estimate, and the source of
// the origin's part.
func (v *view) truth(end *End) (*traffic.Load, string) {
	if end.Traffic != nil {
		return end.Traffic, reports.FromRig
	}
	if v.Meter != nil {
		t := v.Meter.Copy()
		t.TakeFailed(&v.Traffic) // players know what failed
		if !t.HasEdge() {        // only the origin was counted: players know what they asked the CDN for
			t.TakeEdge(&v.Traffic)
		}
		return t, reports.FromRig
	}
	if v.Headers {
		return &v.Traffic, reports.FromHeaders
	}
	return &v.Traffic, reports.FromNowhere
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
	var sum record.Totals
	s := &reports.CohortSummary{}
	for k, g := range v.Groups() {
		if !f.selects(v, k) {
			continue
		}
		s.Players += g.Sessions
		if !v.Over {
			s.Players += g.Open
		}
		s.StartupFailed += g.StartupFailed
		s.Stalled += g.EverStalled
		s.Fatal += g.Fatal
		for _, c := range g.Totals {
			reports.Add(&sum, c)
		}
	}
	s.StartupMs, s.StallMs, s.LiveLatencyMs = sum.Startup.Dist(1000, 0), sum.Stall.Dist(1000, 0), sum.Latency.Dist(1000, 0)
	s.RebufferRatio, s.BitrateBps = reports.NoData, reports.NoData
	if total := sum.Stalled + sum.Played; total > 0 {
		s.RebufferRatio = reports.Value(float64(sum.Stalled) / float64(total))
	}
	if sum.Media > 0 {
		s.BitrateBps = reports.Value(float64(sum.Bits) / sum.Media.Seconds()).Round(0)
	}
	s.Switches = reports.Switches{Up: sum.Up, Down: sum.Down}
	return s
}

func (v *view) profiles() map[string]reports.ProfileSummary {
	m := map[string]reports.ProfileSummary{}
	withheld := v.withheld()
	for _, c := range v.Config.Cohorts {
		m[c.Profile] = reports.ProfileSummary{Player: c.Player, Confidence: c.Confidence, Withheld: withheld[c.Profile]}
	}
	return m
}

// segmentAge is how long before an instant the last segment was due, in seconds.
func (v *view) segmentAge(at time.Duration) reports.Value {
	every := v.Config.Segment
	if every <= 0 {
		return reports.NoData
	}
	return reports.Value((((at-v.Config.Due)%every + every) % every).Seconds()).Round(3)
}

func (v *view) faults(end *End) []reports.FaultSummary {
	all := make([]reports.FaultSummary, 0, len(v.Phases.Occurrences))
	ended := map[[2]int]*chaos.Outcome{}
	for i := range end.Faults {
		e := &end.Faults[i]
		ended[[2]int{e.Fault.Rule, e.Fault.Occurrence}] = e
	}
	v.sortImpacts()
	for i := range v.Phases.Occurrences {
		o := &v.Phases.Occurrences[i]
		f := reports.FaultSummary{
			WhatHelps: []string{},
			Name:      o.Fault.Name, Occurrence: o.Fault.Occurrence, Fault: string(o.Fault.Kind), Via: string(o.Fault.Via),
			AppliedAtS: instant(o.Applied), ClearedAtS: instant(o.Cleared), RecoveryEndS: reports.NoData, BaselineFromS: reports.NoData, SegmentAgeS: reports.NoData,
			Noticed: []reports.Notice{},
		}
		g := v.Phases.Lost(o, v.Config.Recovery)
		if g != nil {
			f.Lost = fmt.Sprintf("does not count: the machine was lost from %s to %s", clock(g.From), clock(g.To))
			lost := record.Occurrence{Window: record.Window{Applied: record.Forever}}
			f.Origin, f.Edge = v.faultOrigin(&lost), v.faultEdge(&lost)
		} else {
			f.Origin, f.Edge = v.faultOrigin(o), v.faultEdge(o)
		}
		if o.Fault.Pipeline != chaos.Any {
			p := o.Fault.Pipeline
			f.Pipeline = &p
		}
		if o.Applied != record.Forever {
			f.RecoveryEndS, f.SegmentAgeS = instant(o.RecoveryEnd), v.segmentAge(o.Applied)
			if from, to := v.Phases.BaselineOf(o, v.Config.TargetDuration); to > from {
				f.BaselineFromS = instant(from)
			}
		}
		if e := ended[[2]int{o.Fault.Rule, o.Fault.Occurrence}]; e != nil {
			if f.UndoVerified = e.UndoVerified; g == nil {
				f.Problem = e.Void()
			}
		}
		v.effects(&f, int32(i))
		v.predictions(int32(i), &f)
		v.explain(int32(i), &f)
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
	return reports.Value(t.Seconds()).Round(3)
}

// impact is what an occurrence did to a part of the sessions.
type impact struct {
	record.FaultKey
	*record.FaultTotals
}

// sortImpacts sorts what the faults did by occurrence.
func (v *view) sortImpacts() {
	v.impacts, v.numbers = make([][]impact, len(v.Phases.Occurrences)), map[occurrenceName]int32{}
	for k, n := range v.Faults() {
		v.impacts[k.Occurrence] = append(v.impacts[k.Occurrence], impact{k, n})
	}
	for i := range v.Phases.Occurrences {
		f := v.Phases.Occurrences[i].Fault
		v.numbers[occurrenceName{f.Name, f.Occurrence}] = int32(i)
	}
}

// occurrenceName names an occurrence as a summary does.
type occurrenceName struct {
	fault      string
	occurrence int
}

// numberOf is the number of the occurrence that a row is of.
func (v *view) numberOf(f *reports.FaultSummary) int32 {
	return v.numbers[occurrenceName{f.Name, f.Occurrence}]
}

// effects fills in what occurrences did to sessions.
func (v *view) effects(f *reports.FaultSummary, occs ...int32) {
	var all, atOnset record.FaultTotals
	f.WatchingAtOnset, f.JoinedDuring = 0, 0
	for _, occ := range occs {
		for _, n := range v.impacts[occ] {
			reports.Add(&all, n.FaultTotals)
			if n.During {
				f.JoinedDuring += n.Affected
			} else {
				reports.Add(&atOnset, n.FaultTotals)
			}
		}
		f.WatchingAtOnset += v.Watching[occ]
	}
	f.AtOnset = faultShare(&atOnset)
	f.Affected, f.Unfinished = all.Affected, all.Unfinished
	f.FailedOver, f.Healed, f.Left, f.NeverRecovered = all.Outcomes[record.FailedOver], all.Outcomes[record.Healed], all.Outcomes[record.Left], all.Outcomes[record.NeverRecovered]
	f.Recovered = f.FailedOver + f.Healed
	f.FlappedBack, f.Probes, f.Steps, f.Fatal = all.Flapped, all.Probes, all.Steps, all.Fatal
	f.DetectionMs, f.FailoverMs = all.Detection.Dist(1000, all.Undetected), all.Failover.Dist(1000, all.Unmoved)
	f.OutageMs = outageDist(&all)
	f.ContentSkippedMs, f.ContentRepeatedMs = all.Skipped.Dist(1000, 0), all.Repeated.Dist(1000, 0)
	f.ByProfile, f.ByCohort = v.shares(true, occs...)
}

// shares is what occurrences did to the sessions of each profile and cohort;
// with late, those that joined during the fault count, too.
func (v *view) shares(late bool, occs ...int32) (byProfile, byCohort map[string]*reports.FaultShare) {
	profiles, cohorts := map[string]*record.FaultTotals{}, map[string]*record.FaultTotals{}
	part := func(m map[string]*record.FaultTotals, name string, n *record.FaultTotals) {
		if m[name] == nil {
			m[name] = &record.FaultTotals{}
		}
		reports.Add(m[name], n)
	}
	for _, occ := range occs {
		for _, n := range v.impacts[occ] {
			if late || !n.During {
				c := &v.Config.Cohorts[n.Cohort]
				part(profiles, c.Profile, n.FaultTotals)
				part(cohorts, c.Name, n.FaultTotals)
			}
		}
	}
	shares := func(of map[string]*record.FaultTotals) map[string]*reports.FaultShare {
		m := map[string]*reports.FaultShare{}
		for name, n := range of {
			m[name] = faultShare(n)
		}
		return m
	}
	return shares(profiles), shares(cohorts)
}

func faultShare(n *record.FaultTotals) *reports.FaultShare {
	return &reports.FaultShare{
		Affected: n.Affected, FailedOver: n.Outcomes[record.FailedOver], Healed: n.Outcomes[record.Healed], Left: n.Outcomes[record.Left], NeverRecovered: n.Outcomes[record.NeverRecovered],
		FlappedBack: n.Flapped, Fatal: n.Fatal,
		DetectionMs: n.Detection.Dist(1000, n.Undetected), FailoverMs: n.Failover.Dist(1000, n.Unmoved), OutageMs: outageDist(n),
	}
}

func outageDist(n *record.FaultTotals) reports.Dist {
	d := n.Outage.Dist(1000, 0)
	d.Censored = n.CutOff
	return d
}

func (v *view) requests() map[string]*reports.RequestSummary {
	m := map[string]*reports.RequestSummary{}
	for k := range m3u8.Kinds {
		var sum record.Requests
		v.eachRequests(&filter{rule: -1, cohort: -1, kind: int(k)}, func(r *record.Requests) { reports.Add(&sum, r) })
		if sum.Count > 0 || slices.Contains(requestKinds, k) {
			m[k.String()] = &reports.RequestSummary{Count: sum.Count, Errors: sum.Errors, ErrorsBy: orEmpty(sum.Why), NotMedia: maps.Clone(sum.Unfit), Bytes: sum.Bytes, TTFBMs: sum.TTFB.Dist(1000, 0), TotalMs: sum.Total.Dist(1000, 0)}
		}
	}
	return m
}

// loads fills in the load on CDN and origin.
func loads(s *reports.Summary, v *view) {
	estimate := &v.Traffic
	all := filter{rule: -1}
	rate := func(of traffic.Series) reports.Rate {
		return reports.Rate{Mean: v.rate(of, reports.StatMean, &all), Max: v.rate(of, reports.StatMax, &all)}
	}
	of := func(s traffic.Series) int64 { return v.load.Total(s) }
	s.Edge = reports.EdgeSummary{Requests: of(traffic.EdgeRequests), Bytes: of(traffic.EdgeBits) / 8, Rps: rate(traffic.EdgeRequests), Bps: rate(traffic.EdgeBits), ByPop: orEmpty(v.load.ByPop)}
	s.Origin = reports.OriginSummary{Source: v.source, Rps: rate(traffic.OriginRequests), Bps: rate(traffic.OriginBits), HitRatio: hitRatio(v, &all),
		ByStatus: map[string]int64{}, Estimated: reports.NoData}
	if v.knowsOrigin() {
		s.Origin.Requests, s.Origin.Bytes, s.Origin.ByStatus = of(traffic.OriginRequests), of(traffic.OriginBits)/8, orEmpty(v.load.ByStatus)
	}
	s.Edge.Redirects = v.Redirects
	if v.Headers {
		s.Origin.Estimated = reports.Value(estimate.Total(traffic.OriginRequests))
	}
	s.Origin.ByPop, s.Origin.AnsweredBy, s.Origin.FirstByteMs = orEmpty(estimate.OriginByPop), map[string]int64{}, estimate.OriginFirstByte.Dist(1000, 0)
	s.Origin.Numbers, s.Origin.NotUnderstood = []reports.OriginNumber{}, v.Odd.List()
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

// rows derives the timeline from changes and traffic. Beside a count of the
// origin's requests stands the estimate.
func rows(s *reports.Summary, v *view) {
	r := v.Timeline()
	for t := time.Duration(0); t < v.At; t += r.Step {
		r.At(t) // so that a quiet end has rows, too
	}
	if n := int((v.At + r.Step - 1) / r.Step); n > 0 && n < len(r.Rows) {
		r.Rows = r.Rows[:n] // the instant of the end is no row of its own
	}
	r.Fold(reports.MaxRows)
	s.TimelineStepS = int(r.Step / time.Second)
	s.Timeline = make([]reports.Row, 0, len(r.Rows))
	known, beside := v.knowsOrigin(), s.Origin.Source == reports.FromRig && s.Origin.Estimated.Known()
	now := record.Row{Pipeline: make([]int64, v.Config.Pipelines)}
	for i := range r.Rows {
		errors := r.Rows[i].Errors
		reports.Add(&now, &r.Rows[i])
		from := time.Duration(i) * r.Step
		to := min(from+r.Step, v.At)
		delays := v.Delays.Between(from, from+r.Step)
		startup, firstByte := delays.Startup.Quantiles(.5, .95), delays.FirstByte.Quantiles(.5, .95)
		share := reports.NoData
		if n := delays.Answers(); n > 0 {
			share = reports.Value(min(float64(errors)/float64(n), 1)).Round(6) // a playlist that contradicts itself may be noticed later
		}
		there := !v.goneAll(from, to)
		s.Timeline = append(s.Timeline, reports.Row{
			T: int(from / time.Second), Joining: now.Joining, Playing: now.Playing, Stalled: now.Stalled, Pipeline: slices.Clone(now.Pipeline),
			EdgeRps: average(v.load, traffic.EdgeRequests, from, to, there), EdgeBps: average(v.load, traffic.EdgeBits, from, to, there),
			OriginRps: average(v.load, traffic.OriginRequests, from, to, known && there), OriginBps: average(v.load, traffic.OriginBits, from, to, known && there),
			OriginEstimatedRps: average(&v.Traffic, traffic.OriginRequests, from, to, beside && there), Errors: errors,
			Gone: now.Lost, Left: now.Gone - now.Returned, Lost: v.lostIn(from, to),
			StartupP50Ms: startup[0], StartupP95Ms: startup[1], TTFBP50Ms: firstByte[0], TTFBP95Ms: firstByte[1], ErrorShare: share,
		})
	}
}

// average is the mean rate of a series over a step; no data when it is not known.
func average(t *traffic.Load, of traffic.Series, from, to time.Duration, known bool) reports.Value {
	if to <= from || !known {
		return reports.NoData
	}
	return reports.Value(float64(t.Sum(of, from, to)) / (to - from).Seconds()).Round(3)
}

// warn adds the warnings that limit what the numbers mean.
func warn(s *reports.Summary, v *view, end *End) {
	s.Warnings = append(s.Warnings, end.Warnings...)
	add := func(format string, args ...any) { s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...)) }
	for _, d := range s.Drifted() {
		add("%s of cohort %s drifts: %s", d.What, d.Cohort, d.Reason)
	}
	for _, t := range s.Leaks() {
		if !t.Doubled { // else it is the reason of the verdict
			s.Warnings = append(s.Warnings, "this program leaks; what was measured holds, and please report it: "+t.Line())
		}
	}
	said := repeated{add: add}
	for i := range s.Faults {
		f := &s.Faults[i]
		kind := chaos.Kind(f.Fault)
		if !f.AppliedAtS.Known() || f.Problem != "" || f.Lost != "" {
			continue
		}
		instantly := f.ClearedAtS == f.AppliedAtS
		if f.Affected == 0 && !instantly && kind.Spec().Part != chaos.PartAudience {
			said.of(f, "unaffected", " took effect, but no session was affected"+v.unplayed(f.Name))
		}
		if !f.ClearedAtS.Known() {
			said.of(f, "on", " was on when the run ended: its outcomes are those of that instant")
		}
		switch length := float64(f.AppliedAtS - f.BaselineFromS); {
		case !f.BaselineFromS.Known():
			said.of(f, "baseline", " has no baseline: it began before the arrivals were complete, or while another fault was on or in recovery")
		case length < 3*v.Config.TargetDuration.Seconds():
			said.of(f, "short", fmt.Sprintf(" has a baseline of only %s (less than 3 target durations)", figure.Seconds(1000*length)))
		}
	}
	said.say(s)
	said = repeated{add: add}
	residuals(s, &said)
	said.say(s)
	if w := warnWithheld(s); w != "" {
		s.Warnings = append(s.Warnings, w)
	}
	if v.Partly {
		add("the origin's load by headers is an upper bound: more answers shared requests to the origin than could be compared")
	}
	if n := s.Tester.DroppedEvents; n > 0 {
		add("events.ndjson lacks %s: they came faster than they could be written", figure.Plural(int(n), "event"))
	}
}

// unplayed says that no session played the rendition which a fault selects, and what was played
// instead; "" = the fault selects none, or a session played it.
func (v *view) unplayed(name string) string {
	i := slices.IndexFunc(v.Config.Faults, func(f chaos.Fault) bool { return f.Name == name })
	if i < 0 || v.Config.Faults[i].Rendition == "" {
		return ""
	}
	f := &v.Config.Faults[i]
	var played []string
	for i := range min(len(v.Renditions), len(v.Config.Renditions)) {
		if v.Renditions[i].Media.Answers == 0 {
			continue
		}
		if v.Config.Selects(f, i) {
			return ""
		}
		if n := v.Config.Renditions[i].Name; !slices.Contains(played, n) {
			played = append(played, n)
		}
	}
	if played == nil {
		return ""
	}
	slices.Sort(played)
	return fmt.Sprintf(": it selects the rendition %s, which no session played (they played %s)", f.Rendition, strings.Join(played, ", "))
}

// requestKinds are the kinds that are always in Requests; keys only when used.
var requestKinds = []m3u8.Kind{m3u8.KindMultivariant, m3u8.KindMedia, m3u8.KindInit, m3u8.KindSegment}
