package measure

import (
	"time"

	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// StopReading is what the terms of the stop conditions counted so far: two for each
// condition. Readings of collectors with sessions of their own add up exactly, but for
// the origin's load by headers: requests that viewers of several collectors shared count
// for each of them, until [StopReading.TakeOff].
type StopReading []TermReading

// TermReading is the sums of one term so far.
type TermReading struct {
	Num, Den Sum
	Seen     reports.Histogram // of a distribution
}

// Sum is a sum so far, as players saw it, and as a rig counted it.
type Sum struct{ Seen, Metered int64 }

func (s Sum) known() int64 {
	if s.Metered > 0 {
		return s.Metered
	}
	return s.Seen
}

// ReadStops reads what the stop conditions of a collector ask for.
func ReadStops(c *record.Collector, now time.Duration) StopReading {
	all := make(StopReading, 2*len(c.Config().Stop))
	if len(all) == 0 {
		return nil
	}
	c.Look(now, func(r *record.Record) {
		v := &view{Record: r}
		for i, e := range c.Config().Stop {
			if e.Alarm != "" {
				continue
			}
			all[2*i].read(v, &e.Left)
			if e.Operator != 0 {
				all[2*i+1].read(v, &e.Right)
			}
		}
	})
	return all
}

// Add adds the reading of another collector of the run. Terms that it does not have are
// left out.
func (r StopReading) Add(o StopReading) {
	for i := range min(len(r), len(o)) {
		reports.Add(&r[i], &o[i])
	}
}

// TakeOff takes load off what players of the run saw; cfg has the conditions.
func (r StopReading) TakeOff(cfg *record.Config, load *traffic.Slot) {
	for i, e := range cfg.Stop {
		if e.Alarm != "" || len(r) < 2*i+2 {
			continue
		}
		r[2*i].takeOff(&e.Left, load)
		if e.Operator != 0 {
			r[2*i+1].takeOff(&e.Right, load)
		}
	}
}

// Leave takes out the sessions that are present: it is not known any more what becomes of them.
// cfg has the conditions.
func (r StopReading) Leave(cfg *record.Config) {
	for i, e := range cfg.Stop {
		if e.Alarm != "" || len(r) < 2*i+2 {
			continue
		}
		r[2*i].leave(&e.Left)
		if e.Operator != 0 {
			r[2*i+1].leave(&e.Right)
		}
	}
}

func (r *TermReading) leave(t *expect.Term) {
	switch m, e := t.Metric, evaluators[t.Metric.Name]; {
	case m.Name == "stalled_now":
		r.Num, r.Den = Sum{}, Sum{}
	case e.dist != nil, e.series != nil, e.value != nil, m.Name == "rebuffer_ratio", m.Labels&expect.KindLabel != 0:
	default:
		r.Den = Sum{}
	}
}

func (r *TermReading) takeOff(t *expect.Term, load *traffic.Slot) {
	switch e := evaluators[t.Metric.Name]; {
	case e.series != nil:
		r.Num.Seen -= e.series(load)
	case e.value != nil: // hit_ratio
		r.Num.Seen -= traffic.OriginRequests(load)
	}
}

func (r *TermReading) read(v *view, t *expect.Term) {
	f := v.resolve(t)
	switch m, e := t.Metric, evaluators[t.Metric.Name]; {
	case e.dist != nil:
		r.Seen, _ = e.dist(v, &f)
	case e.series != nil:
		r.Num = v.soFar(e.series)
	case e.value != nil: // hit_ratio
		r.Num, r.Den = v.soFar(traffic.OriginRequests), v.soFar(traffic.EdgeRequests)
	case m.Name == "rebuffer_ratio", m.Labels&expect.KindLabel != 0, m.Name == "stalled_now":
		r.Num.Seen, r.Den.Seen = e.parts(v, &f)
	default:
		r.Num.Seen, r.Den.Seen = v.losses(m.Name, &f)
	}
}

func (v *view) soFar(of traffic.Series) (s Sum) {
	s.Seen, s.Metered = v.SoFar(of)
	return s
}

// losses counts what happened to sessions so far (num), and those that are
// present (den).
func (v *view) losses(name string, f *filter) (num, den int64) {
	stalled, den := stalledNow(v, f)
	if name == "stalled" {
		num = stalled
	}
	v.eachTotals(f, func(c *record.Totals) {
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
