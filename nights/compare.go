package nights

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// How says how nights are compared. The zero value is the usual way.
type How struct {
	Nights int // of the base that are used, the last ones; 0 = 14
	// Comparable says why a night cannot be compared with the new one, "" = it can; nil =
	// their keys must be equal.
	Comparable func(base, now *Night) (why string)
	Across     string // what was changed on purpose: target, profile or scenario; "" = nothing
	// Differences are the settings that differ, for the comparison.
	Differences []Difference
	Seed        uint64 // of the draws for Shift
	Bare        bool   // without Shift
}

// The tests of a [Finding].
const (
	TestRank   = "rank"           // Mann and Whitney's over occurrences
	TestNight  = "night"          // against the spread of the nights
	TestBoth   = "rank and night" // both: the larger probability
	TestShare  = "share"          // as TestNight, and by the counts of sessions
	TestExact  = "exact"          // two simulations with one seed
	TestAlways = "always"         // what never was there in the base
)

const (
	usual       = 14  // nights of a base
	fewest      = 5   // nights of a base: with less, a spread is a guess
	significant = .01 // after Holm
	outside     = .01 // of a night, where ranks decide
	relative    = .10 // least change that counts
	point       = .01 // of a share
	reloads     = 1. / 4
	deviations  = 3 // from the median, where ranks cannot decide
)

// sameKey is the usual way to see whether nights can be compared.
func sameKey(base, now *Night) string {
	switch {
	case base.Key.Hash == "" || now.Key.Hash == "":
		return "it has no key: an older version of hlsload wrote it"
	case base.Key.Hash != now.Key.Hash:
		return "another key: scenario, players, profiles or version differ"
	}
	return ""
}

// Split parts nights into those that the new one is compared with, in the order of their
// start, and those that are left out, with the reason.
func Split(base []Night, now *Night, how How) (used []Night, left []Ref) {
	comparable := how.Comparable
	if comparable == nil {
		comparable = sameKey
	}
	sorted := slices.Clone(base)
	slices.SortStableFunc(sorted, func(a, b Night) int { return cmp.Compare(a.Started, b.Started) })
	out := func(n *Night, why string) {
		r := n.ref()
		r.Why = why
		left = append(left, r)
	}
	for i := range sorted {
		n := &sorted[i]
		switch why := comparable(n, now); {
		case n.RunID != "" && n.RunID == now.RunID:
			out(n, "it is the new night itself")
		case why != "":
			out(n, why)
		case !n.Proves():
			out(n, n.Verdict+": "+n.Reason)
		default:
			used = append(used, *n)
		}
	}
	used = oneSeed(used, now, out)
	most := how.Nights
	if most <= 0 {
		most = usual
	}
	for len(used) > most {
		out(&used[0], fmt.Sprintf("only the last %d nights are used", most))
		used = used[1:]
	}
	return used, left
}

// oneSeed keeps the nights with the seed of the new one, if there are enough, else one of
// each seed. A seed decides the phase of the segments and every player's draws: nights of
// one seed are more alike than others, and would make chance look smaller than it is.
func oneSeed(used []Night, now *Night, out func(n *Night, why string)) (kept []Night) {
	same := 0
	last := map[uint64]int{}
	for i := range used {
		last[used[i].Seed] = i
		if used[i].Seed == now.Seed {
			same++
		}
	}
	if now.Key.Mode == reports.ModeSimulate && same > 0 {
		return used // they are compared exactly
	}
	for i := range used {
		switch n := &used[i]; {
		case same >= fewest && n.Seed != now.Seed:
			out(n, fmt.Sprintf("another seed: %d nights with seed %d are enough", same, now.Seed))
		case same < fewest && last[n.Seed] != i:
			out(n, "a later night has the same seed")
		default:
			kept = append(kept, *n)
		}
	}
	return kept
}

func (n *Night) ref() Ref {
	return Ref{Run: n.Run, Started: n.Started, Seed: n.Seed, Build: n.Build, Verdict: n.Verdict}
}

// Compare says what got worse in a new night, and whether that is more than chance.
func Compare(base []Night, now Night, how How) Comparison {
	used, left := Split(base, &now, how)
	c := Comparison{Schema: ComparisonSchema, Base: []Ref{}, Left: left, New: now.ref(), Across: how.Across, Differences: how.Differences, Findings: []Finding{}, Notes: []string{}}
	if c.Left == nil {
		c.Left = []Ref{}
	}
	if c.Differences == nil {
		c.Differences = []Difference{}
	}
	for i := range used {
		c.Base = append(c.Base, used[i].ref())
	}
	switch {
	case !now.Proves():
		c.nothing(fmt.Sprintf("the new night proves nothing: %s: %s", now.Verdict, now.Reason))
		return c
	case len(used) == 0 && len(base) == 0:
		c.nothing("there is no night to compare with yet")
		c.First = true
		return c
	case len(used) == 0:
		c.nothing(fmt.Sprintf("no night can be compared with the new one: of %s %s", figure.Plural(len(left), "night"), whys(left)))
		c.First = true
		return c
	}
	j := judge{used: used, now: &now, how: how, comparison: &c}
	j.exact = j.twin()
	j.measures()
	j.never()
	j.expectations()
	j.conclude()
	return c
}

// whys counts reasons for leaving nights out.
func whys(left []Ref) string {
	by := map[string]int64{}
	for _, r := range left {
		by[r.Why]++
	}
	var parts []string
	for _, why := range figure.MostFirst(by) {
		parts = append(parts, fmt.Sprintf("%d: %s", by[why], why))
	}
	return strings.Join(parts, "; ")
}

func (c *Comparison) nothing(reason string) {
	c.Outcome, c.ExitCode, c.Reason = Nothing, reports.ExitNothing, reason
}

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

// series is one measure in all nights, with signs so that more is worse. What was not
// measured is left out.
type series struct {
	*Measure // of the new night
	sign     float64
	// Of each night, and of the new one: the values, their phases and the sessions behind them.
	base, phases   [][]float64
	counts         [][]int64
	now, nowPhases []float64
	nowCounts      []int64
	at             []int // which occurrences the values of the new night are of
}

// seriesOf collects a measure; nil = one of the sides does not have it.
func (j *judge) seriesOf(m *Measure) *series {
	s := &series{Measure: m, sign: m.sign()}
	for i := range j.used {
		if b := j.used[i].measure(m.Name); b != nil {
			if v, phases, n, _ := b.known(s.sign); len(v) > 0 {
				s.base, s.phases, s.counts = append(s.base, v), append(s.phases, phases), append(s.counts, n)
			}
		}
	}
	s.now, s.nowPhases, s.nowCounts, s.at = m.known(s.sign)
	if len(s.base) == 0 || len(s.now) == 0 {
		return nil
	}
	return s
}

// known are the values that were measured, with the sign with which more is worse, their
// phases if all are known, the sessions behind them, and which occurrences they are of.
func (m *Measure) known(sign float64) (v, phases []float64, n []int64, at []int) {
	for i, x := range m.Values {
		if !x.Measured() {
			continue
		}
		number := i + 1
		if i < len(m.Occurrences) {
			number = m.Occurrences[i]
		}
		v, at = append(v, sign*float64(x)), append(at, number)
		if i < len(m.Phases) && m.Phases[i].Number() {
			phases = append(phases, float64(m.Phases[i]))
		}
		if i < len(m.Counts) {
			n = append(n, m.Counts[i])
		} else {
			n = append(n, 0)
		}
	}
	if len(phases) != len(v) {
		phases = nil
	}
	return v, phases, n, at
}

// middle is the mean, or the median where there is never.
func middle(v []float64) float64 {
	if m := far(v); !math.IsInf(m, 0) {
		return m
	}
	return median(v)
}

// far is the mean, which is never with one that never happened.
func far(v []float64) float64 {
	mean, _ := moments(v)
	if math.IsNaN(mean) {
		return math.Inf(1)
	}
	return mean
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

// ranks reports whether ranks alone could show a change: with few occurrences even the
// most extreme ranks are too likely.
func (s *series) ranks() bool {
	n := 0
	for _, b := range s.base {
		n += len(b)
	}
	p := 1.
	for k := 1; k <= len(s.now); k++ {
		p *= float64(k) / float64(n+k)
	}
	return p*mostPrimary < significant
}

// finding compares a measure. by is how much worse it is; with one value that is never,
// infinitely.
func (s *series) finding(j *judge) (f Finding, by float64) {
	pool := slices.Concat(s.base...)
	f = Finding{Measure: s.Name, Unit: s.Unit, BaseCount: len(pool), NewCount: len(s.now), P: NoLevel, Adjusted: NoLevel, Shift: []Quantile{}}
	before, now := middle(pool), middle(s.now)
	by = far(s.now) - before
	if s.fault() != "" {
		f.Worst = s.at[worst(s.now)]
	}
	if !j.exact && s.residuals() {
		pool = slices.Concat(s.base...)
		before = now - (middle(s.now) - middle(pool))
		by = far(s.now) - middle(pool)
		if s.fault() != "" {
			f.Worst = s.at[worst(s.now)]
		}
	}
	f.Base, f.New, f.Effect = Level(s.sign*before), Level(s.sign*now), Level(superior(pool, s.now))
	if f.New != f.Base {
		f.Change = Level(float64(f.New-f.Base) / math.Abs(float64(f.Base)))
	}
	if j.exact {
		f.Test = TestExact
		return f, by
	}
	f.P, f.Test = s.test(j, before, pool)
	if !j.how.Bare {
		f.Shift = s.shift(j)
	}
	return f, by
}

// worst is the index of the largest number.
func worst(v []float64) (at int) {
	for i := range v {
		if v[i] > v[at] {
			at = i
		}
	}
	return at
}

// test is the probability of no change. Occurrences of one night may share what slows them,
// so that ranks alone would find a change too often: the night must be outside of what
// nights differ by, too.
func (s *series) test(j *judge, before float64, pool []float64) (Level, string) {
	night := s.night(j.gate(s.Measure, before))
	switch {
	case s.ranks() && night < outside:
		return Level(more(pool, s.now)), TestBoth
	case s.ranks():
		return Level(max(more(pool, s.now), night)), TestBoth
	case s.Unit == "share" && slices.Min(s.nowCounts) > 0:
		return Level(max(night, s.byCounts())), TestShare
	}
	return Level(night), TestNight
}

// night is the probability that one more night would be as far off as the new one. gate is
// the least change that counts.
func (s *series) night(gate float64) float64 {
	var base []float64
	for _, v := range s.base {
		base = append(base, far(v))
	}
	now := far(s.now)
	switch {
	case slices.ContainsFunc(base, func(v float64) bool { return math.IsInf(v, 0) }):
		// How far never is from a number is not known: what remains are the ranks of the nights.
		return more(base, []float64{now})
	case math.IsInf(now, 0):
		return 0 // further than any number
	}
	ranks := s.ranks()
	p := outlier(base, now, gate/4, !ranks)
	if !ranks && now <= median(base)+deviations*deviation(base) {
		return max(p, .5) // well within what nights differ by, whatever the mean says
	}
	return p
}

// byCounts is the probability that so many of the sessions would be hit, by the counts of
// all nights (Fisher's exact test), with the counts divided by how much more nights differ
// than independent sessions would (the design effect of Kish 1965).
func (s *series) byCounts() float64 {
	var hits, of []float64
	var allHits, all float64
	for i, v := range s.base {
		h, n := hitsOf(v, s.counts[i])
		hits, of = append(hits, h), append(of, n)
		allHits, all = allHits+h, all+n
	}
	if all == 0 {
		return 1
	}
	design := 1.
	if share := allHits / all; share > 0 && share < 1 && len(of) > 1 {
		sum := 0.
		for i, n := range of {
			if n > 0 {
				sum += (hits[i] - n*share) * (hits[i] - n*share) / (n * share * (1 - share))
			}
		}
		design = max(1, sum/float64(len(of)-1))
	}
	now, n := hitsOf(s.now, s.nowCounts)
	if s.sign < 0 {
		now, allHits = n-now, all-allHits
	}
	return hypergeometric(now/design, n/design, allHits/design, all/design)
}

// hitsOf are how many sessions of how many shares stand for.
func hitsOf(shares []float64, counts []int64) (hits, of float64) {
	for i, v := range shares {
		n := float64(max(counts[i], 0))
		hits, of = hits+math.Abs(v)*n, of+n
	}
	return hits, of
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

// few says how many nights are missing.
func (j *judge) few() string {
	n := len(j.used)
	return fmt.Sprintf("%s too few to tell a change from chance: %d more needed", are(n, "night"), max(fewest-n, 1))
}

// why says in a sentence what became of a measure.
func (j *judge) why(f *Finding, m *Measure) string {
	unit := reports.Unit(max(slices.Index(reports.UnitSymbols[:], f.Unit), 0))
	text := func(l Level) string { return unit.Format(reports.Value(l)) }
	by := float64(f.New) - float64(f.Base)
	before := fmt.Sprintf("%s in %s", text(f.Base), figure.Plural(len(j.used), "night"))
	if j.exact {
		before = text(f.Base) + " with the same seed"
	}
	if f.New == f.Base || text(f.New) == text(f.Base) {
		return fmt.Sprintf("%s is %s, as in %s", f.Measure, text(f.New), strings.TrimPrefix(before, text(f.Base)+" in "))
	}
	what := fmt.Sprintf("%s is %s, %s than %s", f.Measure, text(f.New), moved(f, by), before)
	if j.exact {
		return what
	}
	worse := m.sign() * by
	switch gate := j.gate(m, float64(f.Base)); {
	case worse <= 0 && !math.IsNaN(worse):
		return what
	case f.Worse:
		return what + "; by chance " + odds(float64(f.Adjusted)) + " (" + j.tested(f) + ")"
	case j.toofew:
		return what + "; so few nights cannot tell that from chance"
	case worse <= gate:
		return what + "; less than what counts"
	case !f.Primary:
		return what + "; it has no part in the outcome"
	}
	return what + "; by chance " + odds(float64(f.Adjusted)) + ", which is too likely (" + j.tested(f) + ")"
}

// moved says by how much a value has changed.
func moved(f *Finding, by float64) string {
	more := "more"
	if by < 0 {
		more, by = "less", -by
	}
	switch {
	case math.IsInf(by, 0), math.IsNaN(by):
		return more
	case f.Unit == "share":
		return figure.Trim(100*by, 2) + " points " + more
	case f.Base == 0:
		return more
	}
	return figure.Percent(math.Abs(float64(f.Change))) + " " + more
}

// odds are a probability for people.
func odds(p float64) string {
	switch {
	case !(p < 1):
		return "as likely as not"
	case p < 1e-4:
		return "less than once in 10,000 nights"
	case p < .1:
		return "once in " + figure.Thousands(int64(math.Round(1/p))) + " nights"
	}
	return "in " + figure.Percent(figure.Round(p, 2)) + " of nights"
}

// tested says what was tested.
func (j *judge) tested(f *Finding) string {
	switch f.Test {
	case TestBoth:
		return fmt.Sprintf("ranks of %d and %d occurrences, and the spread of the nights", f.BaseCount, f.NewCount)
	case TestShare:
		return "counts of sessions, and the spread of the nights"
	}
	return "the spread of the nights"
}
