package measure

import (
	"time"

	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/monitor"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// Stops watches the conditions that end a run early. Rates, shares and
// distributions are those of the last 5 seconds; stalled_now is the mean over
// them, or the value of the moment when it has to hold for a duration. It
// belongs to one goroutine.
type Stops struct {
	c     *record.Collector
	m     *monitor.Monitor // nil = no alarm ever rings
	conds []stopCondition
}

type stopCondition struct {
	*expect.Expectation
	left, right window
	since       time.Duration // true since; -1 = not
}

// lookBack is what a stop condition looks at.
const lookBack = 5 * time.Second

// NewStops returns the watcher of the collector's stop conditions. m has the
// alarms that they name; it may be nil.
func NewStops(c *record.Collector, m *monitor.Monitor) *Stops {
	s := &Stops{c: c, m: m}
	for _, e := range c.Config().Stop {
		s.conds = append(s.conds, stopCondition{Expectation: e, since: -1})
	}
	return s
}

// Check looks at the run now, and returns the text of a condition that tripped
// with what was measured, or "". Call it about once a second.
func (s *Stops) Check(now time.Duration) string {
	if len(s.conds) == 0 {
		return ""
	}
	s.c.Look(now, func(r *record.Record) {
		v := &view{Record: r}
		for i := range s.conds {
			e := &s.conds[i]
			if e.Alarm != "" {
				continue
			}
			e.left.observe(v, &e.Expectation.Left, now)
			if e.Operator != 0 {
				e.right.observe(v, &e.Expectation.Right, now)
			}
		}
	})
	for i := range s.conds {
		tripped := ""
		if e := &s.conds[i]; e.Alarm != "" {
			tripped = e.checkAlarm(now, s.m != nil && s.m.Rings(e.Alarm))
		} else {
			tripped = e.check(now)
		}
		if tripped != "" {
			return tripped
		}
	}
	return ""
}

// holds reports whether the condition has been true for as long as it must be.
func (e *stopCondition) holds(now time.Duration, is bool) bool {
	if !is {
		e.since = -1
		return false
	}
	if e.since < 0 {
		e.since = now
	}
	return now-e.since >= e.Hold
}

func (e *stopCondition) checkAlarm(now time.Duration, rings bool) string {
	if !e.holds(now, rings) {
		return ""
	}
	return e.Text + ": it is in " + reports.AlarmRings
}

func (e *stopCondition) check(now time.Duration) string {
	moment := e.Hold > 0
	l := e.left.value(&e.Expectation.Left, moment)
	r := reports.Value(0)
	if e.Operator != 0 {
		r = e.right.value(&e.Expectation.Right, moment)
	}
	res := e.Result(l, r)
	if !e.holds(now, res.Pass) {
		return ""
	}
	return e.Text + ": " + res.Reason
}

// window is what a term counted at the last few checks.
type window struct{ seen []reading }

// reading is a term's sums so far, at one instant.
type reading struct {
	at       time.Duration
	num, den int64
	seen     reports.Snapshot // of a distribution
}

func (w *window) observe(v *view, t *expect.Term, now time.Duration) {
	f := v.resolve(t)
	r := reading{at: now}
	switch m, e := t.Metric, evaluators[t.Metric.Name]; {
	case e.dist != nil:
		h, _ := e.dist(v, &f)
		r.seen = h.Snapshot()
	case e.series != nil:
		r.num = v.SoFar(e.series)
	case e.value != nil: // hit_ratio
		r.den = v.SoFar(traffic.EdgeRequests)
		r.num = r.den - v.SoFar(traffic.OriginRequests)
	case m.Name == "rebuffer_ratio", m.Labels&expect.KindLabel != 0, m.Name == "stalled_now":
		r.num, r.den = e.parts(v, &f)
	default:
		r.num, r.den = v.losses(m.Name, &f)
	}
	w.seen = append(w.seen, r)
	for len(w.seen) > 2 && w.seen[1].at <= now-lookBack {
		w.seen = w.seen[1:]
	}
}

// losses counts what happened to sessions so far (num), and those that are
// present (den).
func (v *view) losses(name string, f *filter) (num, den int64) {
	for s := range v.Open() {
		if f.who(v, s.Group.Key) {
			den++
			if name == "stalled" && s.Stalled() {
				num++
			}
		}
	}
	v.eachCell(f, func(c *record.Totals) {
		switch name {
		case "fatal":
			num += c.Fatal
		case "startup_failed":
			num += c.StartupFailed
		case "stalled":
			num += c.Stall.Count()
		}
	})
	return num, den
}

// value is the term over the window, or of its last moment.
func (w *window) value(t *expect.Term, moment bool) reports.Value {
	last := &w.seen[len(w.seen)-1]
	first := &reading{}
	if len(w.seen) > 1 {
		first = &w.seen[0]
	}
	m := t.Metric
	switch {
	case m.Shape == expect.Distribution:
		h := last.seen.Since(&first.seen)
		return h.Stat(t.Stat, t.Unit().Scale(), 0)
	case m.Name == "stalled_now":
		var num, den int64
		for i := range w.seen {
			if !moment && w.seen[i].at > last.at-lookBack || i == len(w.seen)-1 {
				num, den = num+w.seen[i].num, den+w.seen[i].den
			}
		}
		return quotient(num, den)
	case m.Shape == expect.Rate:
		if last.at == first.at {
			return reports.NoData
		}
		return reports.Value(float64(last.num-first.num) / (last.at - first.at).Seconds())
	case m.Shape == expect.Amount:
		return reports.Value(last.num - first.num)
	case m.Labels&expect.KindLabel != 0, m.Name == "rebuffer_ratio", m.Name == "hit_ratio":
		return quotient(last.num-first.num, last.den-first.den)
	}
	num := last.num - first.num
	return quotient(num, last.den+max(num, 0))
}

func quotient(num, den int64) reports.Value {
	if den <= 0 {
		return reports.NoData
	}
	return reports.Value(min(1, max(0, float64(num)/float64(den))))
}
