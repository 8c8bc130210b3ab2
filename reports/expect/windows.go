package expect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// Window is a stretch of the run, and what the terms measured in it.
type Window struct {
	From, To    time.Duration
	Left, Right reports.Value
	// Skipped: a part of the run in it was lost, and it does not count.
	Skipped bool
}

// valued is a window with the value of the whole expression.
type valued struct {
	*Window
	value reports.Value
}

// ResultOver compares a statistic over windows: what the terms are together in each window
// that has both.
func (e *Expectation) ResultOver(all []Window) reports.ExpectationResult {
	w := &reports.Windows{EachS: reports.Value(e.Each().Seconds()).Round(3), Statistic: "worst", WorstValue: reports.NoData, WorstFromS: reports.NoData, WorstToS: reports.NoData}
	if e.over() != reports.NoStat {
		w.Statistic = e.over().String()
	}
	var seen []valued
	nothing := "the run was shorter than half a window"
	for i := range all {
		x := &all[i]
		if x.Skipped {
			w.Skipped++
			continue
		}
		value, why, compared := e.combine(x.Left, x.Right)
		switch {
		case why == "":
			seen = append(seen, valued{x, value})
		case compared: // something to compare with never happened: that is no window without data
			res := reports.ExpectationResult{Expr: e.Text, Line: e.Line, Unit: reports.UnitSymbols[e.unit], Value: value, Reason: why + " from " + between(x), Windows: w}
			return res
		default:
			w.Empty++
			nothing = why
		}
	}
	w.Count = len(seen)
	if len(seen) == 0 {
		if w.Skipped > 0 && w.Empty == 0 {
			nothing = "a part of the run was lost in every window"
		}
		return reports.ExpectationResult{Expr: e.Text, Line: e.Line, Unit: reports.UnitSymbols[e.unit], Value: reports.NoData, NotMeasured: true, Reason: "no window was measured: " + nothing, Windows: w}
	}
	worst, alike := seen[0], true
	for _, x := range seen[1:] {
		alike = alike && x.value == worst.value
		if e.worse(x.value, worst.value) {
			worst = x
		}
	}
	w.WorstValue, w.WorstFromS, w.WorstToS = worst.value, reports.Value(worst.From.Seconds()).Round(3), reports.Value(worst.To.Seconds()).Round(3)
	res := e.compared(e.statistic(seen, worst.value))
	res.Windows = w
	res.Reason += e.windowWords(w, &worst, alike)
	return res
}

// worse reports whether a value is worse for the comparison than another one: the higher,
// the lower, or the one further from what it has to be.
func (e *Expectation) worse(a, b reports.Value) bool {
	switch {
	case !e.Upper():
		return a < b
	case !e.Lower():
		return a > b
	}
	return math.Abs(float64(a)-e.value) > math.Abs(float64(b)-e.value)
}

// statistic is that over the windows.
func (e *Expectation) statistic(seen []valued, worst reports.Value) reports.Value {
	quantiles := map[reports.Stat]float64{reports.StatMin: 0, reports.StatP50: .5, reports.StatP90: .9, reports.StatP95: .95, reports.StatP99: .99, reports.StatMax: 1}
	switch st := e.over(); st {
	case reports.NoStat:
		return worst
	case reports.StatCount:
		return reports.Value(len(seen))
	case reports.StatMean:
		var sum reports.Value
		for _, x := range seen {
			sum += x.value
		}
		return sum / reports.Value(len(seen))
	default:
		slices.SortFunc(seen, func(a, b valued) int { return cmp.Compare(a.value, b.value) })
		rank := int(math.Ceil(quantiles[st]*float64(len(seen)) - 1e-9)) // nearest rank, as with distributions
		return seen[max(rank, 1)-1].value
	}
}

// windowWords say which windows were looked at, and which was the worst.
func (e *Expectation) windowWords(w *reports.Windows, worst *valued, alike bool) string {
	of := figure.Plural(w.Count, "window") + " of " + short(e.Each())
	s := ""
	if st := e.over(); st == reports.NoStat && alike && w.Count > 1 {
		s = " in each of " + of
	} else if st == reports.NoStat {
		s = " in the worst of " + of + ": " + between(worst.Window)
	} else {
		s = ", the " + st.String() + " of " + of + " (worst: " + between(worst.Window) + ", " + e.unit.Format(worst.value) + ")"
		if st == reports.StatCount {
			s = ", the number of windows of " + short(e.Each()) + " with a value"
		}
	}
	if w.Skipped > 0 {
		s += fmt.Sprintf("; %s skipped, because a part of the run was lost", figure.Plural(w.Skipped, "window"))
	}
	if w.Empty > 0 {
		s += fmt.Sprintf("; nothing to measure in %s", figure.Plural(w.Empty, "window"))
	}
	return s
}

func between(w *Window) string { return figure.Clock(w.From) + " to " + figure.Clock(w.To) }
