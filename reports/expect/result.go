package expect

import (
	"math"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// Result compares what was measured. An expectation without data is not measured.
func (e *Expectation) Result(l, r reports.Value) reports.ExpectationResult {
	value, why, compared := e.combine(l, r)
	if why != "" {
		return reports.ExpectationResult{Expr: e.Text, Line: e.Line, Unit: reports.UnitSymbols[e.unit], Value: value, NotMeasured: !compared, Reason: why}
	}
	return e.compared(value)
}

// combine is what the terms are together. Without that, why says so; compared: they were
// measured, and only one of them never happened.
func (e *Expectation) combine(l, r reports.Value) (value reports.Value, why string, compared bool) {
	switch {
	case e.Operator != 0 && math.IsNaN(float64(r)):
		return reports.NoData, "no data: " + e.Right.nothing(), false
	case math.IsNaN(float64(l)):
		return l, "no data: " + e.Left.nothing(), false
	case e.Operator != 0 && !r.Known():
		return reports.NoData, "cannot compare: " + e.Right.String() + " never happened", true
	case e.Operator == '-':
		return l - r, "", true
	case e.Operator == '/' && r == 0:
		return reports.NoData, "cannot divide: " + e.Right.String() + " is 0", false
	case e.Operator == '/':
		return l / r, "", true
	}
	return l, "", true
}

// compared is the result for a value.
func (e *Expectation) compared(value reports.Value) reports.ExpectationResult {
	res := reports.ExpectationResult{Expr: e.Text, Line: e.Line, Unit: reports.UnitSymbols[e.unit], Value: value}
	got := float64(value)
	if value.Known() {
		got = figure.Round(got, 9)
	}
	switch e.compare {
	case "<":
		res.Pass = got < e.value
	case "<=":
		res.Pass = got <= e.value
	case ">":
		res.Pass = got > e.value
	case ">=":
		res.Pass = got >= e.value
	case "==":
		res.Pass = got == e.value
	}
	res.Reason = "measured " + e.unit.Format(value)
	return res
}

// Upper reports whether a value that is too high would fail, and Lower whether one that is
// too low would.
func (e *Expectation) Upper() bool { return e.compare != ">" && e.compare != ">=" }
func (e *Expectation) Lower() bool { return e.compare != "<" && e.compare != "<=" }

// Format writes a value of the expectation for people.
func (e *Expectation) Format(v reports.Value) string { return e.unit.Format(v) }

// nothing says why a term has no value.
func (t *Term) nothing() string {
	switch {
	case t.Metric.Monitored && t.Fault != "":
		return "it could not be read on AWS, or " + t.Fault + " was never applied"
	case t.Metric.Monitored:
		return "it could not be read on AWS, or no fault was applied"
	case t.Metric.Labels == perFault:
		if t.Fault != "" {
			return "no session was affected by " + t.Fault
		}
		return "no session was affected"
	case t.Metric.Shape == Rate, t.Metric.Shape == ratio, t.Metric.Name == "hit_ratio":
		return t.String() + " could not be measured"
	}
	return "nothing was counted for " + t.String()
}

// Monitored reports whether an expectation is about what a provider's
// monitoring notices.
func (e *Expectation) Monitored() bool {
	return e.Left.Metric != nil && e.Left.Metric.Monitored || e.Operator != 0 && e.Right.Metric != nil && e.Right.Metric.Monitored
}

// AlarmsUnderTest are the alarms that an expectation names.
func (e *Expectation) AlarmsUnderTest() (names []string) {
	for _, t := range []*Term{&e.Left, &e.Right} {
		if t.Alarm != "" {
			names = append(names, t.Alarm)
		}
	}
	return names
}

// Within is for how long after an onset an alarm or alert has to be watched: one that has to come in time, or not before; 0 = it has no such bound.
func (e *Expectation) Within() time.Duration {
	if !e.Monitored() || e.Operator != 0 || e.unit != reports.Milliseconds {
		return 0
	}
	return time.Duration(e.value * float64(time.Millisecond))
}

// AsksFor reports whether the expectation has a term of this metric.
func (e *Expectation) AsksFor(metric string) bool {
	return e.Left.Metric != nil && e.Left.Metric.Name == metric || e.Operator != 0 && e.Right.Metric.Name == metric
}

// Grows reports whether what an expectation judges depends on how many viewers there are, so that
// its limit means nothing for an audience of another size: a number of requests, say, or the hit
// ratio. That something never happens, or that it happens at all, does not.
func (e *Expectation) Grows() bool {
	grows := func(t *Term) bool {
		m := t.Metric
		return m != nil && (m.Shape == Amount || m.Shape == Rate || m.Name == "hit_ratio")
	}
	return e.Alarm == "" && e.value != 0 && e.Operator != '/' && (grows(&e.Left) || e.Operator != 0 && grows(&e.Right))
}
