package nights

import (
	"math"
	"slices"
)

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
