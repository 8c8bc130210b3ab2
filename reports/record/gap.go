package record

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Gap is a time of which nothing is known, because the machine was lost: from the last
// snapshot to the instant at which another process went on with the run.
type Gap struct {
	From, To time.Duration
	Settled  time.Duration // from when on all viewers are back
	Why      string
}

// maxGaps is how often a run may be gone on with.
const maxGaps = 100

// Snapshot is what [Collector.Finish] would return if the run ended now. The run goes on.
func (c *Collector) Snapshot(now time.Duration) *Part {
	c.mu.Lock() // the phases stay as they are
	defer c.mu.Unlock()
	p := c.blank(now)
	p.Over = true
	co := c.course.Load().endsAt(now)
	all := &shard{c: c, Counts: newCounts(&c.cfg)}
	for _, sh := range c.shards {
		sh.mu.Lock()
		all.copy(sh)
		sh.mu.Unlock()
	}
	all.cut(co, now)
	p.Counts = all.Counts
	c.close(p)
	p.add(c.past)
	return p
}

// copy adds what another shard has, its open sessions included. The other one must be locked.
func (sh *shard) copy(o *shard) {
	sh.Counts.add(&o.Counts)
	keys := map[*FaultTotals]FaultKey{}
	for k, n := range o.Faults {
		keys[n] = k
	}
	totals := func(t *faultRecord) {
		if t.next = nil; t.totals != nil {
			t.totals = sh.faultOf(keys[t.totals])
		}
	}
	for _, s := range o.open {
		its := *s
		its.shard, its.index = sh, int32(len(sh.open))
		its.Group = sh.groupOf(s.Group.Key)
		its.totals = its.Group.totals(int32(max(slices.Index(s.Group.Totals, s.totals), 0)))
		last := &its.faults
		for t := s.faults; t != nil; t = t.next {
			one := *t
			totals(&one)
			*last = &one
			last = &one.next
		}
		sh.open = append(sh.open, &its)
	}
	for _, p := range o.pending {
		totals(&p.t)
		sh.pending = append(sh.pending, p)
	}
}

// Lost is the gap that an occurrence touches: because of it is not known what the fault
// did. nil = there is none. The fault counts from its onset, or the one that was planned,
// to the end of its recovery.
func (c *PhaseMap) Lost(o *Occurrence, recovery time.Duration) *Gap {
	from, to := o.Applied, o.RecoveryEnd
	if from == Forever {
		from, to = o.Fault.At, o.Fault.At+o.Fault.For+recovery
	}
	return c.gap(from, to)
}

// gap is the first gap that a time touches; nil = there is none.
func (c *PhaseMap) gap(from, to time.Duration) *Gap {
	for i := range c.Gaps {
		if g := &c.Gaps[i]; from < g.Settled && to > g.From {
			return g
		}
	}
	return nil
}

// Touches reports whether a gap touches a time.
func (c *PhaseMap) Touches(from, to time.Duration) bool { return c.gap(from, to) != nil }

// Continue goes on with a run of which another process recorded the first part, which
// [Collector.ReadSnapshot] read, until the machine was lost. It comes before everything
// else. What the faults did that the gap touches does not count.
func (c *Collector) Continue(past *Part, gap Gap) error {
	switch n := len(past.Gaps); {
	case !past.Over:
		return errors.New("go on with a run: its part is not a snapshot")
	case n == maxGaps:
		return fmt.Errorf("go on with a run: it was lost %d times already (want at most %d)", n, maxGaps)
	case gap.From != past.At || gap.To < gap.From || gap.Settled < gap.To:
		return fmt.Errorf("go on with a run: a gap from %v to %v, and to %v (want one from %v on)", gap.From, gap.To, gap.Settled, past.At)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := *past
	p.Gaps = append(slices.Clone(past.Gaps), gap)
	p.Windows = slices.Clone(past.Windows)
	occs := c.cfg.occurrences()
	for i := range occs {
		w := &p.Windows[i]
		if w.Applied != Forever && w.Cleared == Forever {
			w.Cleared = max(w.Applied, gap.From) // it ended with its process, or was put back before this one went on
		}
		occs[i].Window = *w
	}
	course := c.cfg.phases(past.Sets, occs, p.Gaps)
	lost := make([]bool, len(occs))
	for i := range occs {
		lost[i] = course.Lost(&occs[i], c.cfg.Recovery) != nil
	}
	p.Faults = maps.Clone(past.Faults)
	maps.DeleteFunc(p.Faults, func(k FaultKey, _ *FaultTotals) bool { return lost[k.Occurrence] })
	p.Watching = slices.Clone(past.Watching)
	for i := range lost {
		if lost[i] {
			p.Watching[i] = 0
		}
	}
	p.Rows = past.Timeline()
	p.Rows.leave(gap.From)
	p.PlayingAtEnd, p.Buffers = 0, Buffers{}
	l := newLive(&c.cfg)
	l.Started = past.Live.Started
	p.Live = l
	c.past = &p
	c.course.Store(course)
	return nil
}

// Gaps are the times of which nothing is known.
func (c *Collector) Gaps() []Gap { return c.course.Load().Gaps }

// leave ends all sessions of the timeline at an instant.
func (r *Timeline) leave(at time.Duration) {
	last := r.At(at)
	var sum Row
	sum.Pipeline = make([]int64, r.pipelines)
	for i := range r.Rows {
		row := &r.Rows[i]
		sum.Joining += row.Joining
		sum.Playing += row.Playing
		sum.Stalled += row.Stalled
		sum.Want += row.Want
		sum.Waiting += row.Waiting
		sum.Still += row.Still
		sum.Dead += row.Dead
		sum.Lost += row.Lost
		for p, n := range row.Pipeline {
			sum.Pipeline[p] += n
		}
	}
	last.Joining -= sum.Joining
	last.Playing -= sum.Playing
	last.Stalled -= sum.Stalled
	last.Want -= sum.Want
	last.Waiting -= sum.Waiting
	last.Still -= sum.Still
	last.Dead -= sum.Dead
	last.Lost -= sum.Lost
	for p, n := range sum.Pipeline {
		last.Pipeline[p] -= n
	}
}
