package record

import (
	"iter"
	"time"

	"hlsload/reports"
	"hlsload/reports/traffic"
)

// Record is what was recorded, as it is evaluated: of a [Part], or of a run that goes on
// and is only looked at.
type Record struct {
	Config *Config
	At     time.Duration
	Over   bool
	Phases *PhaseMap
	*Part  // nil of a run that is only looked at

	meter  func(traffic.Series) int64 // what a rig counted so far
	fills  func(traffic.Series) int64 // what players saw and is not in counts
	counts []*Counts
}

// Look calls f with what was recorded so far. Nothing is recorded meanwhile. The record
// has no part.
func (c *Collector) Look(now time.Duration, f func(*Record)) {
	r := &Record{Config: &c.cfg, At: now, Phases: c.course.Load(), meter: c.meter.Total, fills: c.fills.Total}
	for _, sh := range c.shards {
		sh.mu.Lock()
		defer sh.mu.Unlock()
		r.counts = append(r.counts, &sh.Counts)
	}
	f(r)
}

// Gaps are the times of which nothing is known.
func (r *Record) Gaps() []Gap { return r.Phases.Gaps }

// Groups are the sessions by cohort and phase set in which they joined.
func (r *Record) Groups() iter.Seq2[GroupKey, *Group] {
	return of(r, func(c *Counts) map[GroupKey]*Group { return c.Groups })
}

// Faults are what occurrences of faults did.
func (r *Record) Faults() iter.Seq2[FaultKey, *FaultTotals] {
	return of(r, func(c *Counts) map[FaultKey]*FaultTotals { return c.Faults })
}

func of[K comparable, V any](r *Record, what func(*Counts) map[K]V) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, c := range r.counts {
			for k, v := range what(c) {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// SoFar is a sum over the whole run until now, of a run that is looked at: as players saw
// it, and as a rig counted it, 0 without one.
func (r *Record) SoFar(of traffic.Series) (seen, metered int64) {
	seen = r.fills(of)
	for _, c := range r.counts {
		seen += c.Traffic.Total(of)
	}
	return seen, r.meter(of)
}

// Players counts the sessions.
func (p *Part) Players() reports.Players {
	n := reports.Players{Peak: p.Rows.Peak(), PlayingAtEnd: p.PlayingAtEnd, Rejoined: p.Rejoined}
	for _, g := range p.Groups {
		n.Started += g.Sessions
		if !p.Over {
			n.Started += g.Open
		}
		n.StartupFailed += g.StartupFailed
		n.Unfinished += g.Unfinished
		n.Fatal += g.Fatal
		n.Left += g.Left
		n.Ended += g.Ended
		n.Stalled += g.EverStalled
	}
	return n
}

// Timeline is how many sessions did what, by step.
func (p *Part) Timeline() Timeline {
	t := newRows(p.cfg.Duration, p.cfg.Pipelines)
	t.add(&p.Rows)
	return t
}
