package nights

import (
	"math"
	"slices"

	"hlsload/reports"
)

// Of is what is kept of a run whose results are in a folder. A run that is void or was
// interrupted has no figures: it says nothing of the stream.
func Of(s *reports.Summary, folder string) Night {
	n := Night{
		Schema: Schema, Run: folder, RunID: s.RunID, Started: s.Started, DurationS: s.DurationS, TargetS: s.TargetDurationS, Scenario: s.Scenario.Name, Seed: s.Seed, Build: s.Build, Release: s.Release,
		Verdict: s.Verdict, ExitCode: s.ExitCode, Failed: []string{}, NeverRecovered: map[string]int64{}, Measures: []Measure{},
	}
	if s.Key != nil {
		n.Key = *s.Key
		n.Key.Settings = nil
	}
	if n.Proves() {
		r := &reader{s: s}
		r.faults()
		r.whole()
		n.Measures = r.all
		for _, i := range primary(n.Measures) {
			n.Measures[i].Primary = true
		}
	} else {
		n.Reason = s.Reason()
	}
	for _, e := range s.Failed() {
		n.Failed = append(n.Failed, e.Expr)
	}
	for i := range s.Faults {
		n.NeverRecovered[s.Faults[i].Name] += s.Faults[i].NeverRecovered
	}
	return n
}

// Proves reports whether the run says anything of the stream: it is neither void nor was
// it interrupted.
func (n *Night) Proves() bool { return n.Verdict == reports.Pass || n.Verdict == reports.Fail }

// measure is the measure of a name, nil = the night has none.
func (n *Night) measure(name string) *Measure {
	if i := slices.IndexFunc(n.Measures, func(m Measure) bool { return m.Name == name }); i >= 0 {
		return &n.Measures[i]
	}
	return nil
}

// reader collects the measures of a summary.
type reader struct {
	s   *reports.Summary
	all []Measure
}

// term writes a name in the language of expectations.
func term(metric, stat, labels string) string {
	if stat != "" {
		metric += "." + stat
	}
	if labels != "" {
		metric += "{" + labels + "}"
	}
	return metric
}

// add keeps a measure, unless it was never taken.
func (r *reader) add(m Measure) {
	if slices.ContainsFunc(m.Values, Level.Measured) {
		r.all = append(r.all, m)
	}
}

// faults reads the measures of faults, a value an occurrence.
func (r *reader) faults() {
	var names []string
	for i := range r.s.Faults {
		if f := &r.s.Faults[i]; f.Lost == "" && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
			r.fault(f.Name)
		}
	}
}

// part are the sessions of an occurrence that the headlines are about.
type part struct {
	f *reports.FaultSummary
	*reports.FaultShare
}

func (r *reader) fault(name string) {
	var parts []part
	labels := "fault=" + name
	for i := range r.s.Faults {
		if f := &r.s.Faults[i]; f.Name == name && f.Lost == "" {
			parts = append(parts, part{f, f.AtOnset})
		}
	}
	// Headlines are about those that watched at onset, if there were any.
	if slices.ContainsFunc(parts, func(p part) bool { return p.FaultShare != nil && p.Affected > 0 }) {
		labels += ",joined=before"
		for i := range parts {
			if parts[i].FaultShare == nil {
				parts[i].FaultShare = &reports.FaultShare{}
			}
		}
	} else {
		for i, p := range parts {
			f := p.f
			parts[i].FaultShare = &reports.FaultShare{Affected: f.Affected, FailedOver: f.FailedOver, Healed: f.Healed, Left: f.Left, NeverRecovered: f.NeverRecovered, FlappedBack: f.FlappedBack,
				DetectionMs: f.DetectionMs, FailoverMs: f.FailoverMs, OutageMs: f.OutageMs}
		}
	}
	var phases []Level
	for _, p := range parts {
		phases = append(phases, Level(p.f.SegmentAgeS))
	}
	if !slices.ContainsFunc(phases, Level.Measured) {
		phases = nil
	}
	// Rows of which each is of several occurrences count as one, and their numbers have gaps.
	var numbers []int
	for i, p := range parts {
		if p.f.Occurrence != i+1 {
			numbers = make([]int, len(parts))
			for k, q := range parts {
				numbers[k] = q.f.Occurrence
			}
			break
		}
	}
	for _, d := range []struct {
		metric string
		stats  []reports.Stat
		never  bool         // what is censored never had the event
		hist   reports.Stat // the measure that has the histogram
		of     func(p *part) *reports.Dist
	}{
		{"failover", []reports.Stat{reports.StatMean, reports.StatP50, reports.StatP95}, true, reports.StatMean, func(p *part) *reports.Dist { return &p.FailoverMs }},
		{"outage", []reports.Stat{reports.StatP50, reports.StatP95}, false, reports.StatP95, func(p *part) *reports.Dist { return &p.OutageMs }},
		{"detection", []reports.Stat{reports.StatP50, reports.StatP95}, true, reports.NoStat, func(p *part) *reports.Dist { return &p.DetectionMs }},
	} {
		for _, stat := range d.stats {
			m := Measure{Name: term(d.metric, stat.String(), labels), Unit: "ms", Phases: phases, Occurrences: numbers}
			var pool reports.Histogram
			for i := range parts {
				x := d.of(&parts[i])
				m.Values, m.Counts = append(m.Values, level(x, stat, d.never)), append(m.Counts, x.Count)
				if stat == d.hist && pool.MergeEncoded(x.Hist) == nil && d.never {
					m.Never += x.Censored
				}
			}
			m.Hist = pool.Encoded()
			r.add(m)
		}
	}
	for _, d := range []struct {
		metric string
		of     func(p *part) int64
	}{
		{"failed_over", func(p *part) int64 { return p.FailedOver }},
		{"recovered", func(p *part) int64 { return p.FailedOver + p.Healed }},
		{"never_recovered", func(p *part) int64 { return p.NeverRecovered }},
		{"flapped_back", func(p *part) int64 { return p.FlappedBack }},
	} {
		m := Measure{Name: term(d.metric, "", labels), Unit: "share", Occurrences: numbers}
		for i := range parts {
			p := &parts[i]
			m.Values, m.Counts = append(m.Values, share(d.of(p), p.Affected-p.Left)), append(m.Counts, p.Affected-p.Left)
		}
		r.add(m)
	}
	for _, d := range []struct {
		metric string
		of     func(f *reports.FaultSummary) reports.Value
	}{
		{"edge_amplification", func(f *reports.FaultSummary) reports.Value { return f.Edge.Amplification }},
		{"origin_amplification", func(f *reports.FaultSummary) reports.Value { return f.Origin.Amplification }},
	} {
		m := Measure{Name: term(d.metric, "", "fault="+name), Phases: phases, Occurrences: numbers}
		for i := range parts {
			m.Values = append(m.Values, Level(d.of(parts[i].f)))
		}
		r.add(m)
	}
}

// level is a statistic of a distribution. The summary has null for never, too.
func level(d *reports.Dist, stat reports.Stat, never bool) Level {
	v := map[reports.Stat]reports.Value{reports.StatMean: d.Mean, reports.StatP50: d.P50, reports.StatP95: d.P95, reports.StatMax: d.Max}[stat]
	if !v.Known() && d.Count > 0 && d.Censored > 0 && never {
		return Never
	}
	if !v.Known() {
		return NoLevel
	}
	return Level(v)
}

func share(n, of int64) Level {
	if of <= 0 {
		return NoLevel
	}
	return Level(float64(n) / float64(of))
}

// whole reads the measures of the whole night, one value each.
func (r *reader) whole() {
	s := r.s
	one := func(name, unit string, v Level, count int64) {
		r.add(Measure{Name: name, Unit: unit, Values: []Level{v}, Counts: counts(count)})
	}
	// Control cohorts watch an undisturbed twin of the channel: they would only dilute.
	if all := s.Cohorts["all"]; all != nil {
		for _, d := range []struct {
			metric string
			of     *reports.Dist
			stats  []reports.Stat
		}{
			{"startup", &all.StartupMs, []reports.Stat{reports.StatP50, reports.StatP95}},
			{"stall", &all.StallMs, []reports.Stat{reports.StatP95}},
			{"live_latency", &all.LiveLatencyMs, []reports.Stat{reports.StatP50, reports.StatP95}},
		} {
			for _, stat := range d.stats {
				m := Measure{Name: term(d.metric, stat.String(), ""), Unit: "ms", Values: []Level{level(d.of, stat, false)}, Counts: counts(d.of.Count)}
				if d.metric == "startup" && stat == reports.StatP95 {
					m.Hist = d.of.Hist
				}
				r.add(m)
			}
		}
		over := all.Players
		if n := s.Players.Started - s.Players.Unfinished; over > n { // with control cohorts it is not known whose sessions were unfinished
			over = n
		}
		one("rebuffer_ratio", "share", Level(all.RebufferRatio), 0)
		one("stalled", "share", share(all.Stalled, over), over)
		one("startup_failed", "share", share(all.StartupFailed, over), over)
		one("fatal", "share", share(all.Fatal, over), over)
		one("bitrate.mean", "bit/s", Level(all.BitrateBps), 0)
	}
	one("edge_rps.mean", "1/s", Level(s.Edge.Rps.Mean), 0)
	one("edge_rps.max", "1/s", Level(s.Edge.Rps.Max), 0)
	if s.Origin.Source != reports.FromNowhere {
		one("origin_rps.mean", "1/s", Level(s.Origin.Rps.Mean), 0)
		one("origin_rps.max", "1/s", Level(s.Origin.Rps.Max), 0)
		one("hit_ratio", "share", Level(s.Origin.HitRatio), 0)
	}
	var errors, requests int64
	for _, q := range s.Requests {
		errors, requests = errors+q.Errors, requests+q.Count
	}
	one("request_errors", "share", share(errors, requests), 0)
}

func counts(n int64) []int64 {
	if n == 0 {
		return nil
	}
	return []int64{n}
}

// lessIsWorse are the metrics of which less is worse. Of all others it is more.
var lessIsWorse = []string{"bitrate", "failed_over", "recovered", "hit_ratio"}

// Never and NoLevel are what never happened and what was not measured.
var (
	Never   = Level(math.Inf(1))
	NoLevel = Level(math.NaN())
)

// Measured reports whether there is a number, or the event never happened.
func (l Level) Measured() bool { return !math.IsNaN(float64(l)) }
