package reports

import "time"

// Stops watches the conditions that end a run early. Rates, shares and
// distributions are those of the last 5 seconds; stalled_now is the mean over
// them, or the value of the moment when it has to hold for a duration. It
// belongs to one goroutine.
type Stops struct {
	c     *Collector
	m     *Monitor // nil = no alarm ever rings
	conds []stopCondition
}

type stopCondition struct {
	*Expectation
	left, right window
	since       time.Duration // true since; -1 = not
}

// lookBack is what a stop condition looks at.
const lookBack = 5 * time.Second

// NewStops returns the watcher of the collector's stop conditions. m has the
// alarms that they name; it may be nil.
func NewStops(c *Collector, m *Monitor) *Stops {
	s := &Stops{c: c, m: m}
	for _, e := range c.cfg.Stop {
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
	s.c.Look(now, func(r *Record) {
		v := &view{Record: r}
		for i := range s.conds {
			e := &s.conds[i]
			if e.Alarm != "" {
				continue
			}
			e.left.observe(v, &e.Expectation.left, now)
			if e.operator != 0 {
				e.right.observe(v, &e.Expectation.right, now)
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

// holds tells whether the condition has been true for as long as it must be.
func (e *stopCondition) holds(now time.Duration, is bool) bool {
	if !is {
		e.since = -1
		return false
	}
	if e.since < 0 {
		e.since = now
	}
	return now-e.since >= e.hold
}

func (e *stopCondition) checkAlarm(now time.Duration, rings bool) string {
	if !e.holds(now, rings) {
		return ""
	}
	return e.Text + ": it is in " + AlarmRings
}

func (e *stopCondition) check(now time.Duration) string {
	moment := e.hold > 0
	l := e.left.value(&e.Expectation.left, moment)
	r := Value(0)
	if e.operator != 0 {
		r = e.right.value(&e.Expectation.right, moment)
	}
	res := e.result(l, r)
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
	seen     snapshot // of a distribution
}

func (w *window) observe(v *view, t *term, now time.Duration) {
	f := v.resolve(t)
	r := reading{at: now}
	switch m, e := t.metric, evaluators[t.metric.name]; {
	case e.dist != nil:
		h, _ := e.dist(v, &f)
		r.seen = h.snapshot()
	case e.series != nil:
		r.num = v.soFar(e.series)
	case e.value != nil: // hit_ratio
		r.den = v.soFar(edgeRequests)
		r.num = r.den - v.soFar(originRequests)
	case m.name == "rebuffer_ratio", m.labels&kindLabel != 0, m.name == "stalled_now":
		r.num, r.den = e.parts(v, &f)
	default:
		r.num, r.den = v.losses(m.name, &f)
	}
	w.seen = append(w.seen, r)
	for len(w.seen) > 2 && w.seen[1].at <= now-lookBack {
		w.seen = w.seen[1:]
	}
}

// losses counts what happened to sessions so far (num), and those that are
// present (den).
func (v *view) losses(name string, f *filter) (num, den int64) {
	for s := range v.open() {
		if f.who(v, s.group.key) {
			den++
			if name == "stalled" && s.state == stalled {
				num++
			}
		}
	}
	v.eachCell(f, func(c *cell) {
		switch name {
		case "fatal":
			num += c.fatal
		case "startup_failed":
			num += c.startupFailed
		case "stalled":
			num += c.stall.Count()
		}
	})
	return num, den
}

// value is the term over the window, or of its last moment.
func (w *window) value(t *term, moment bool) Value {
	last := &w.seen[len(w.seen)-1]
	first := &reading{}
	if len(w.seen) > 1 {
		first = &w.seen[0]
	}
	m := t.metric
	switch {
	case m.shape == distribution:
		h := last.seen.since(&first.seen)
		return h.stat(t.stat, t.unit().scale(), 0)
	case m.name == "stalled_now":
		var num, den int64
		for i := range w.seen {
			if !moment && w.seen[i].at > last.at-lookBack || i == len(w.seen)-1 {
				num, den = num+w.seen[i].num, den+w.seen[i].den
			}
		}
		return quotient(num, den)
	case m.shape == rate:
		if last.at == first.at {
			return NoData
		}
		return Value(float64(last.num-first.num) / (last.at - first.at).Seconds())
	case m.shape == amount:
		return Value(last.num - first.num)
	case m.labels&kindLabel != 0, m.name == "rebuffer_ratio", m.name == "hit_ratio":
		return quotient(last.num-first.num, last.den-first.den)
	}
	num := last.num - first.num
	return quotient(num, last.den+max(num, 0))
}

func quotient(num, den int64) Value {
	if den <= 0 {
		return NoData
	}
	return Value(min(1, max(0, float64(num)/float64(den))))
}
