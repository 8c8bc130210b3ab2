package measure

import (
	"time"

	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/monitor"
	"hlsload/reports/record"
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

// lookBack is how much time a stop condition looks at.
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
func (s *Stops) Check(now time.Duration) string { return s.Judge(now, ReadStops(s.c, now)) }

// Judge is [Stops.Check] for what was read of all sessions of the run, by one collector
// or, added up, by many. A reading of other conditions trips nothing.
func (s *Stops) Judge(now time.Duration, all StopReading) string {
	if len(all) != 2*len(s.conds) {
		return ""
	}
	for i := range s.conds {
		if e := &s.conds[i]; e.Alarm == "" {
			e.left.take(&e.Expectation.Left, now, &all[2*i])
			e.right.take(&e.Expectation.Right, now, &all[2*i+1])
		}
	}
	for i := range s.conds {
		e := &s.conds[i]
		var is bool
		var seen string
		if e.Alarm != "" {
			is, seen = s.m != nil && s.m.Rings(e.Alarm), "it is in "+reports.AlarmRings
		} else {
			is, seen = e.check()
		}
		switch {
		case !is:
			e.since = -1
			continue
		case e.since < 0:
			e.since = now
		}
		if now-e.since >= e.Hold {
			return e.Text + ": " + seen
		}
	}
	return ""
}

// check reports whether the comparison is true now, with what was measured.
func (e *stopCondition) check() (is bool, seen string) {
	moment := e.Hold > 0
	l := e.left.value(&e.Expectation.Left, moment)
	r := reports.Value(0)
	if e.Operator != 0 {
		r = e.right.value(&e.Expectation.Right, moment)
	}
	res := e.Result(l, r)
	return res.Pass, res.Reason
}

// window is what a term counted at the last few checks.
type window struct{ seen []reading }

// reading is a term's sums so far, at one instant.
type reading struct {
	at       time.Duration
	num, den int64
	seen     reports.Snapshot // of a distribution
}

func (w *window) take(t *expect.Term, now time.Duration, of *TermReading) {
	if t.Metric == nil {
		return
	}
	r := reading{at: now, num: of.Num.known(), den: of.Den.known(), seen: of.Seen.Snapshot()}
	if evaluators[t.Metric.Name].value != nil { // hit_ratio
		r.num = r.den - r.num
	}
	w.seen = append(w.seen, r)
	for len(w.seen) > 2 && w.seen[1].at <= now-lookBack {
		w.seen = w.seen[1:]
	}
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
