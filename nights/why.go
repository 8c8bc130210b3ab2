package nights

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hlsload/reports"
	"hlsload/reports/figure"
)

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
