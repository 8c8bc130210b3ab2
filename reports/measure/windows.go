package measure

import (
	"time"

	"hlsload/reports"
	"hlsload/reports/expect"
)

// windows are what the terms of an expectation with each= measured, window by window. The last
// one may be shorter by up to a half, except of what is counted: half an hour has half as many
// requests as an hour.
func (v *view) windows(e *expect.Expectation, b bound) (all []expect.Window) {
	opposite := [...]bound{highest: lowest, lowest: highest}
	each, counted := e.Each(), counts(&e.Left) || counts(&e.Right)
	left, right := v.term(&e.Left, b), v.term(&e.Right, opposite[b])
	for i := range 2 * expect.MaxWindows {
		from := time.Duration(i) * each
		to := min(from+each, v.At)
		if length := to - from; length <= 0 || length < each && (counted || 2*length < each) {
			break
		}
		w := expect.Window{From: from, To: to, Skipped: v.Phases.Touches(from, to)}
		if !w.Skipped {
			w.Left, w.Right = left(i, from, to), right(i, from, to)
		}
		all = append(all, w)
	}
	return all
}

// counts reports whether a term counts something in each window.
func counts(t *expect.Term) bool {
	return t.Metric != nil && t.Each > 0 && (t.Metric.Shape == expect.Amount || t.Stat == reports.StatCount)
}

// term is what a term measured in a window, by its number and from when to when it is. A term without
// each= has the same value in all of them.
func (v *view) term(t *expect.Term, b bound) func(i int, from, to time.Duration) reports.Value {
	if t.Metric == nil || t.Each == 0 {
		whole := reports.Value(0)
		if t.Metric != nil {
			whole = v.number(t, b)
		}
		return func(int, time.Duration, time.Duration) reports.Value { return whole }
	}
	return func(i int, from, to time.Duration) reports.Value {
		within := [][2]time.Duration{{from, to}}
		switch e := evaluators[t.Metric.Name]; {
		case e.series != nil:
			return v.lost.rate(v.rateIn(e.series, t.Stat, within), b)
		case t.Metric.Name == "hit_ratio":
			return v.lost.hits(v.hitsIn(within), b)
		}
		if v.Part == nil {
			return reports.NoData
		}
		c := v.Window(t, i)
		switch {
		case c == nil:
			return reports.NoData
		case t.Metric.Shape == expect.Distribution:
			var h reports.Histogram
			h.Merge(&c.Values)
			never := v.lost.distribution(&h, 0, t, b)
			return h.Stat(t.Stat, t.Unit().Scale(), never)
		case t.Metric.Shape == expect.Amount:
			return reports.Value(v.lost.amount(c.Num, b))
		case c.Den == 0:
			return reports.NoData
		}
		num, den := v.lost.parts(min(c.Num, c.Den), c.Den, b) // an answer may come in the window after its request
		return reports.Value(float64(num) / float64(den))
	}
}
