package nights

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// judge compares one night with others.
type judge struct {
	used       []Night
	now        *Night
	how        How
	comparison *Comparison
	exact      bool // there is one base, a simulation with the seed of the new one
	toofew     bool // with so few nights nothing could be more than chance
}

// twin reduces the base to a simulation with the same seed, if there is one.
func (j *judge) twin() bool {
	if j.now.Key.Mode != reports.ModeSimulate {
		return false
	}
	for i := range slices.Backward(j.used) {
		if n := &j.used[i]; n.Key.Mode == reports.ModeSimulate && n.Seed == j.now.Seed {
			if others := len(j.used) - 1; others > 0 {
				j.comparison.Notes = append(j.comparison.Notes, fmt.Sprintf("compared exactly with %s, which has the same seed; %s not used", n.Run, figure.Plural(others, "other night")))
			}
			j.used = []Night{*n}
			j.comparison.Base = []Ref{n.ref()}
			return true
		}
	}
	return false
}

// gate is the least change that counts, of a base of this value.
func (j *judge) gate(m *Measure, base float64) float64 {
	least := relative * math.Abs(base)
	switch m.metric() {
	case "failover", "outage", "detection", "live_latency":
		// Players ask every half target duration for a playlist that does not change
		// (rfc8216bis 6.3.4): less than a quarter of that is not theirs to notice.
		return max(least, reloads*1000*j.now.TargetS.OrZero()/2)
	case "startup", "stall":
		return max(least, 100)
	}
	if m.Unit == "share" {
		return point
	}
	return least
}

// measures compares every measure of the new night.
func (j *judge) measures() {
	var family []Measure
	for i := range j.now.Measures {
		m := &j.now.Measures[i]
		all := *m
		for k := range j.used {
			if b := j.used[k].measure(m.Name); b != nil {
				all.Values = slices.Concat(all.Values, b.Values)
			}
		}
		family = append(family, all)
	}
	deciding := primary(family)
	var findings []Finding
	var changes, p []float64
	var tested []int
	j.toofew = !j.exact && len(j.used) < fewest
	for i := range j.now.Measures {
		m := &j.now.Measures[i]
		s := j.seriesOf(m)
		if s == nil {
			if slices.Contains(deciding, i) {
				j.comparison.Notes = append(j.comparison.Notes, m.Name+" was not measured on both sides")
			}
			continue
		}
		f, by := s.finding(j)
		f.Primary = slices.Contains(deciding, i)
		changes = append(changes, by)
		if f.Primary && !j.exact {
			p, tested = append(p, float64(f.P)), append(tested, len(findings))
		}
		findings = append(findings, f)
	}
	for i, a := range holm(p) {
		findings[tested[i]].Adjusted = Level(a)
	}
	for i := range findings {
		f := &findings[i]
		m := j.now.measure(f.Measure)
		f.Worse = f.Primary && changes[i] > j.gate(m, float64(f.Base)) && (j.exact || !j.toofew && float64(f.Adjusted) < significant)
		f.Why = j.why(f, m)
	}
	j.comparison.Findings = append(j.comparison.Findings, findings...)
}

// never finds sessions that never recovered where all did before.
func (j *judge) never() {
	for _, fault := range slices.Sorted(maps.Keys(j.now.NeverRecovered)) {
		n := j.now.NeverRecovered[fault]
		before, known := int64(0), 0
		for i := range j.used {
			if b, ok := j.used[i].NeverRecovered[fault]; ok {
				before, known = before+b, known+1
			}
		}
		if n == 0 || known == 0 || before > 0 {
			continue
		}
		f := Finding{Measure: term("never_recovered", "count", "fault="+fault), Primary: true, Worse: true, Base: 0, New: Level(n), Change: Never, BaseCount: known, NewCount: 1, Test: TestAlways,
			P: NoLevel, Adjusted: NoLevel, Effect: 1, Shift: []Quantile{},
			Why: fmt.Sprintf("%s never recovered from %s; in %s before all did", figure.Plural(int(n), "session"), fault, figure.Plural(known, "night"))}
		if m := j.now.measure("never_recovered{fault=" + fault + ",joined=before}"); m != nil {
			if v, _, _, at := m.known(1); len(v) > 0 {
				f.Worst = at[worst(v)]
			}
		}
		j.comparison.Findings = append(j.comparison.Findings, f)
	}
}

// expectations names those that held in all nights of the base and fail now.
func (j *judge) expectations() {
	for _, e := range j.now.Failed {
		if !slices.ContainsFunc(j.used, func(n Night) bool { return slices.Contains(n.Failed, e) }) {
			j.comparison.Notes = append(j.comparison.Notes, fmt.Sprintf("an expectation that held in the base fails now: %s", e))
		}
	}
}

// conclude sorts the findings and decides.
func (j *judge) conclude() {
	c := j.comparison
	slices.SortStableFunc(c.Findings, func(a, b Finding) int {
		return cmp.Or(-compareBool(a.Worse, b.Worse), -compareBool(a.Test == TestAlways, b.Test == TestAlways), -compareBool(a.Primary, b.Primary), -cmp.Compare(a.size(), b.size()))
	})
	worse := 0
	for _, f := range c.Findings {
		if f.Worse {
			worse++
		}
	}
	switch {
	case worse > 0:
		c.Outcome, c.ExitCode, c.Reason = Worse, reports.ExitFail, c.Findings[0].Why
		if worse > 1 {
			c.Reason += fmt.Sprintf("; %s worse, too", figure.Plural(worse-1, "other measure"))
		}
	case j.toofew:
		c.Outcome, c.ExitCode, c.Reason = Undecided, reports.ExitPass, j.few()
	default:
		c.Outcome, c.ExitCode, c.Reason = Same, reports.ExitPass, "nothing got worse by more than chance"
		if j.exact {
			c.Reason = "nothing got worse"
		}
	}
}

func compareBool(a, b bool) int {
	switch {
	case a && !b:
		return 1
	case b && !a:
		return -1
	}
	return 0
}

// size is by how much a finding is worse, to sort by.
func (f *Finding) size() float64 {
	m := Measure{Name: f.Measure}
	change := m.sign() * float64(f.Change)
	if math.IsNaN(change) {
		return math.Inf(-1)
	}
	return change
}
