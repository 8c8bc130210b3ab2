package reports

import (
	"math"
	"time"
)

// result compares. An expectation without data does not hold.
func (e *Expectation) result(l, r Value) ExpectationResult {
	res := ExpectationResult{Expr: e.Text, Unit: unitSymbols[e.unit], Value: l}
	switch {
	case e.operator != 0 && math.IsNaN(float64(r)):
		res.Value, res.Reason = NoData, "no data: "+e.right.nothing()
		return res
	case math.IsNaN(float64(l)):
		res.Reason = "no data: " + e.left.nothing()
		return res
	case e.operator != 0 && !r.Known():
		res.Value, res.Reason = NoData, e.right.String()+" is never, which cannot be compared with"
		return res
	case e.operator == '-':
		res.Value = l - r
	case e.operator == '/':
		if r == 0 {
			res.Value, res.Reason = NoData, e.right.String()+" is 0 and cannot be divided by"
			return res
		}
		res.Value = l / r
	}
	got := float64(res.Value)
	if res.Value.Known() {
		got = round(got, 9)
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
	res.Reason = "measured " + e.unit.format(res.Value)
	return res
}

// nothing says why a term has no value.
func (t *term) nothing() string {
	switch {
	case t.metric.monitored && t.fault != "":
		return "it could not be read on AWS, or " + t.fault + " was never applied"
	case t.metric.monitored:
		return "it could not be read on AWS, or no fault was applied"
	case t.metric.labels == perFault:
		if t.fault != "" {
			return "no session was affected by " + t.fault
		}
		return "no session was affected"
	case t.metric.shape == rate, t.metric.shape == ratio, t.metric.name == "hit_ratio":
		return t.String() + " could not be measured"
	}
	return "nothing was counted for " + t.String()
}

// Monitored reports whether an expectation is about what a provider's
// monitoring notices.
func (e *Expectation) Monitored() bool {
	return e.left.metric != nil && e.left.metric.monitored || e.operator != 0 && e.right.metric != nil && e.right.metric.monitored
}

// AlarmsUnderTest are the alarms that an expectation names.
func (e *Expectation) AlarmsUnderTest() (names []string) {
	for _, t := range []*term{&e.left, &e.right} {
		if t.alarm != "" {
			names = append(names, t.alarm)
		}
	}
	return names
}

// Within is how long after an onset an expectation needs to know about an alarm
// or alert: one that has to come in time, or not before; 0 = it does not say.
func (e *Expectation) Within() time.Duration {
	if !e.Monitored() || e.operator != 0 || e.unit != duration {
		return 0
	}
	return time.Duration(e.value * float64(time.Millisecond))
}

// asksFor reports whether a term is about a metric.
func (e *Expectation) asksFor(metric string) bool {
	return e.left.metric != nil && e.left.metric.name == metric || e.operator != 0 && e.right.metric.name == metric
}
