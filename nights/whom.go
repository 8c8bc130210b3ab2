package nights

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"hlsload/reports"
)

// Group is a part of the audience to which something happened.
type Group struct {
	Of      string `json:"of"` // cohort
	Profile string `json:"profile"`
	Base    Level  `json:"base"` // the median of the nights
	New     Level  `json:"new"`
}

// mostGroups is how many groups a finding names.
const mostGroups = 5

// Whom says for whom a measure got worse: the cohorts in which it did, the worst first.
// It is for people and no part of the decision. Base are the summaries of the nights as
// far as they are there; without any there are no groups.
func Whom(measure string, base []*reports.Summary, now *reports.Summary) []Group {
	m := &Measure{Name: measure}
	groups := []Group{}
	if len(base) == 0 {
		return groups
	}
	for _, name := range slices.Sorted(maps.Keys(now.Cohorts)) {
		c := now.Cohorts[name]
		if name == "all" || c.Control {
			continue
		}
		level, ok := m.ofCohort(now, name)
		if !ok || !level.Measured() {
			continue
		}
		var before []float64
		for _, s := range base {
			if l, ok := m.ofCohort(s, name); ok && l.Measured() {
				before = append(before, float64(l))
			}
		}
		if len(before) == 0 {
			continue
		}
		g := Group{name, c.Profile, Level(median(before)), level}
		if m.sign()*(float64(g.New)-float64(g.Base)) > 0 { // false for never against never
			groups = append(groups, g)
		}
	}
	worse := func(g Group) float64 { return m.sign() * (float64(g.New) - float64(g.Base)) }
	slices.SortStableFunc(groups, func(a, b Group) int { return cmp.Compare(worse(b), worse(a)) })
	return groups[:min(len(groups), mostGroups)]
}

// Since is the start of the first of the last nights that are all nearer to the new one
// than to the base: the measure may have got worse before there were enough nights to be
// sure. Base are the nights that were used, in the order of their start.
func Since(f *Finding, base []Night, now *Night) string {
	since := now.Started
	of := &Measure{Name: f.Measure}
	for i := range slices.Backward(base) {
		m := base[i].measure(f.Measure)
		if m == nil {
			break
		}
		v, _, _, _ := m.known(1)
		if len(v) == 0 || math.IsInf(float64(f.Base), 0) {
			break
		}
		worse := of.sign() * (median(v) - float64(f.Base))
		switch limit := of.sign() * (float64(f.New) - float64(f.Base)) / 2; {
		case worse < limit, math.IsNaN(worse):
			return since
		}
		since = base[i].Started
	}
	return since
}

// ofCohort is the value of a measure of a cohort: of a fault the worst occurrence; false =
// cohorts do not have it.
func (m *Measure) ofCohort(s *reports.Summary, cohort string) (Level, bool) {
	fault := m.fault()
	if fault == "" {
		c := s.Cohorts[cohort]
		if c == nil {
			return NoLevel, false
		}
		return m.ofWhole(c)
	}
	worst, found := NoLevel, false
	for i := range s.Faults {
		f := &s.Faults[i]
		part := f.ByCohort[cohort]
		if f.Name != fault || part == nil {
			continue
		}
		l, ok := m.ofPart(part)
		if !ok {
			return NoLevel, false
		}
		found = true
		if l.Measured() && (!worst.Measured() || m.sign()*(float64(l)-float64(worst)) > 0) {
			worst = l
		}
	}
	return worst, found
}

func (m *Measure) ofPart(p *reports.FaultShare) (Level, bool) {
	of := p.Affected - p.Left
	switch m.metric() {
	case "failover":
		return level(&p.FailoverMs, m.stat(), true), true
	case "outage":
		return level(&p.OutageMs, m.stat(), false), true
	case "detection":
		return level(&p.DetectionMs, m.stat(), true), true
	case "failed_over":
		return share(p.FailedOver, of), true
	case "recovered":
		return share(p.FailedOver+p.Healed, of), true
	case "never_recovered":
		if m.stat() == reports.StatCount {
			return Level(p.NeverRecovered), true
		}
		return share(p.NeverRecovered, of), true
	case "flapped_back":
		return share(p.FlappedBack, of), true
	}
	return NoLevel, false
}

func (m *Measure) ofWhole(c *reports.CohortSummary) (Level, bool) {
	switch m.metric() {
	case "startup":
		return level(&c.StartupMs, m.stat(), false), true
	case "stall":
		return level(&c.StallMs, m.stat(), false), true
	case "live_latency":
		return level(&c.LiveLatencyMs, m.stat(), false), true
	case "rebuffer_ratio":
		return Level(c.RebufferRatio), true
	case "stalled":
		return share(c.Stalled, c.Players), true
	case "startup_failed":
		return share(c.StartupFailed, c.Players), true
	case "fatal":
		return share(c.Fatal, c.Players), true
	case "bitrate":
		return Level(c.BitrateBps), true
	}
	return NoLevel, false
}

// Lighten takes out of a summary what a comparison does not look at, which is nearly all
// of it.
func Lighten(s *reports.Summary) {
	s.Timeline, s.Expectations, s.Known, s.Requests, s.Logs, s.Monitoring, s.Agents = nil, nil, nil, nil, nil, nil, nil
	light := func(all ...*reports.Dist) {
		for _, d := range all {
			d.Hist = ""
		}
	}
	for _, c := range s.Cohorts {
		light(&c.StartupMs, &c.StallMs, &c.LiveLatencyMs)
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		light(&f.DetectionMs, &f.FailoverMs, &f.OutageMs, &f.ContentSkippedMs, &f.ContentRepeatedMs)
		f.ByProfile = nil
		for _, p := range f.ByCohort {
			light(&p.DetectionMs, &p.FailoverMs, &p.OutageMs)
		}
	}
}

// stat is the statistic of the name.
func (m *Measure) stat() reports.Stat {
	name, _, _ := strings.Cut(m.Name, "{")
	_, stat, _ := strings.Cut(name, ".")
	return reports.Stat(max(slices.Index(reports.StatNames[:], stat), 0))
}
