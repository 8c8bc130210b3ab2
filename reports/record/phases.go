package record

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hlsload/chaos"
)

const Forever = time.Duration(math.MaxInt64)

// phase is a part of a fault's story.
type Phase uint8

const (
	Baseline Phase = iota
	During         // the fault is on
	recovery
	Either // fault or recovery
	phases
)

// bits is a set of rules (entries of the chaos list).
type Rules uint64

func (b Rules) has(rule int) bool { return b>>uint(rule)&1 != 0 }

// span is a class of instants in which the same faults are on (fault), in
// recovery, about to come (baseline), or were on before (cleared).
type PhaseSet struct {
	Fault, recovery, baseline, Cleared Rules
	// quiet: after the initial arrivals, no fault on and none in recovery.
	quiet bool
	// alone: the run has no fault at all; then all that is quiet is baseline.
	alone bool
}

// in reports whether the span belongs to a phase of a rule; rule -1 is any.
func (s *PhaseSet) In(rule int, p Phase) bool {
	if rule < 0 {
		switch p {
		case Baseline:
			return s.baseline != 0 || s.alone
		case During:
			return s.Fault != 0
		case recovery:
			return s.Fault == 0 && s.recovery != 0
		}
		return s.Fault|s.recovery != 0
	}
	switch p {
	case Baseline:
		return s.baseline.has(rule)
	case During:
		return s.Fault.has(rule)
	case recovery:
		return s.recovery.has(rule)
	}
	return (s.Fault | s.recovery).has(rule)
}

// occurrence is a fault's window as it really was.
type Occurrence struct {
	Fault       *chaos.Fault
	media       chaos.Fault   // the fault as anyMedia
	Applied     time.Duration // forever until it was
	Cleared     time.Duration // forever until it was
	RecoveryEnd time.Duration // end of the recovery phase; forever until cleared
	// normal is the usual startup time by cohort when the fault was applied:
	// a session that waits for longer has an outage.
	normal []time.Duration
}

func (o *Occurrence) on(t time.Duration) bool { return t >= o.Applied && t < o.Cleared }

// piece is a stretch of time, up to the next one.
type Interval struct {
	From   time.Duration
	Set    int32
	starts []int32 // occurrences whose onset this is
}

// course is how the run's time is cut. It is immutable and replaced as a
// whole; only what lies in the future of the change differs.
type PhaseMap struct {
	Intervals   []Interval
	Sets        []PhaseSet // by number; numbers never change their meaning
	Occurrences []Occurrence
}

// endsAt is the course of a run that ends: what the end cuts off ends there.
func (c *PhaseMap) endsAt(end time.Duration) *PhaseMap {
	occs := slices.Clone(c.Occurrences)
	for i := range occs {
		occs[i].RecoveryEnd = min(occs[i].RecoveryEnd, max(end, occs[i].Applied))
	}
	return &PhaseMap{Intervals: c.Intervals, Sets: c.Sets, Occurrences: occs}
}

// at is the number of the piece that t is in.
func (c *PhaseMap) At(t time.Duration) int {
	i, ok := slices.BinarySearchFunc(c.Intervals, t, func(p Interval, t time.Duration) int { return cmp.Compare(p.From, t) })
	if !ok {
		i--
	}
	return max(i, 0)
}

// settleRecoveries ends each recovery after d, or at the next onset.
func settleRecoveries(occs []Occurrence, d time.Duration) {
	for i := range occs {
		o := &occs[i]
		o.RecoveryEnd = Forever
		if o.Cleared == Forever {
			continue
		}
		o.RecoveryEnd = o.Cleared + d
		for j := range occs {
			if a := occs[j].Applied; j != i && a >= o.Cleared && a < o.RecoveryEnd {
				o.RecoveryEnd = a
			}
		}
	}
}

// cut derives the pieces from the windows. upcoming is the rules of the next
// planned onset after the last one that happened.
func (c *PhaseMap) cut(arrivalsEnd, target time.Duration, upcoming Rules) {
	edges := []time.Duration{0, arrivalsEnd}
	for i := range c.Occurrences {
		o := &c.Occurrences[i]
		edges = append(edges, o.Applied, o.Cleared, o.RecoveryEnd)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	c.Intervals = c.Intervals[:0:0]
	for _, from := range edges {
		if from < 0 || from == Forever {
			continue
		}
		s := PhaseSet{quiet: from >= arrivalsEnd}
		var starts []int32
		for i := range c.Occurrences {
			o := &c.Occurrences[i]
			r := Rules(1) << uint(o.Fault.Rule)
			switch {
			case o.Applied == Forever || from < o.Applied:
			case from < o.Cleared:
				s.Fault |= r
			case from < o.RecoveryEnd:
				s.recovery |= r
				s.Cleared |= r
			default:
				s.Cleared |= r
			}
			if o.Applied == from {
				starts = append(starts, int32(i))
			}
		}
		s.recovery &^= s.Fault
		s.quiet = s.quiet && s.Fault == 0 && s.recovery == 0
		if s.quiet {
			s.baseline = c.nextRules(from, target, upcoming)
			s.alone = len(c.Occurrences) == 0
		}
		c.Intervals = append(c.Intervals, Interval{From: from, Set: c.number(s), starts: starts})
	}
}

// nextRules are the rules of the next onset after t, and of those that follow
// it within a target duration: they share its baseline.
func (c *PhaseMap) nextRules(t, target time.Duration, upcoming Rules) Rules {
	next := Forever
	for i := range c.Occurrences {
		if a := c.Occurrences[i].Applied; a > t && a < next {
			next = a
		}
	}
	if next == Forever {
		return upcoming
	}
	var b Rules
	for i := range c.Occurrences {
		if a := c.Occurrences[i].Applied; a >= next && a-next <= target {
			b |= 1 << uint(c.Occurrences[i].Fault.Rule)
		}
	}
	return b
}

// number interns a span. Spans is copied on growth because older courses share
// it.
func (c *PhaseMap) number(s PhaseSet) int32 {
	if i := slices.Index(c.Sets, s); i >= 0 {
		return int32(i)
	}
	c.Sets = append(slices.Clip(c.Sets), s)
	return int32(len(c.Sets) - 1)
}

// baselineOf is the stretch before an onset that its values are compared with;
// empty when another fault was on or in recovery right before.
func (c *PhaseMap) BaselineOf(o *Occurrence, target time.Duration) (from, to time.Duration) {
	for i := len(c.Intervals) - 1; i >= 0; i-- {
		p := &c.Intervals[i]
		if p.From >= o.Applied || !c.Sets[p.Set].quiet {
			continue
		}
		to = o.Applied
		if i+1 < len(c.Intervals) {
			to = c.Intervals[i+1].From
		}
		if o.Applied-to > target {
			return 0, 0
		}
		for i > 0 && c.Sets[c.Intervals[i-1].Set].quiet {
			i--
		}
		return c.Intervals[i].From, to
	}
	return 0, 0
}
