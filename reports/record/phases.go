package record

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hlsload/chaos"
)

const Forever = time.Duration(math.MaxInt64)

// Phase is a part of the time around a fault.
type Phase uint8

const (
	Baseline Phase = iota
	During         // the fault is on
	recovery
	Either // fault or recovery
	phases
)

// Rules is a set of rules (entries of the chaos list).
type Rules uint64

func (b Rules) has(rule int) bool { return b>>uint(rule)&1 != 0 }

// PhaseSet says which faults are on (Fault), in recovery, about to come (baseline),
// or were on before (Cleared).
type PhaseSet struct {
	Fault, Recovery, Baseline, Cleared Rules
	// Quiet: after the initial arrivals, no fault on and none in recovery.
	Quiet bool
	// Alone: the run has no fault at all; then all that is quiet is baseline.
	Alone bool
}

// In reports whether the phase set belongs to a phase of a rule; rule -1 is any.
func (s *PhaseSet) In(rule int, p Phase) bool {
	if rule < 0 {
		switch p {
		case Baseline:
			return s.Baseline != 0 || s.Alone
		case During:
			return s.Fault != 0
		case recovery:
			return s.Fault == 0 && s.Recovery != 0
		}
		return s.Fault|s.Recovery != 0
	}
	switch p {
	case Baseline:
		return s.Baseline.has(rule)
	case During:
		return s.Fault.has(rule)
	case recovery:
		return s.Recovery.has(rule)
	}
	return (s.Fault | s.Recovery).has(rule)
}

// Window is when an occurrence of a fault was on, as far as it is known.
type Window struct {
	Applied time.Duration // forever until it was
	Cleared time.Duration // forever until it was
	// Usual is the usual startup time by cohort when the fault was applied: a session
	// that waits for longer has an outage.
	Usual []time.Duration
}

// Occurrence is a fault's window as it really was.
type Occurrence struct {
	Fault *chaos.Fault
	media chaos.Fault // the fault as anyMedia
	Window
	RecoveryEnd time.Duration // end of the recovery phase; forever until cleared
}

func (o *Occurrence) on(t time.Duration) bool { return t >= o.Applied && t < o.Cleared }

// Interval is a stretch of time, up to the next one.
type Interval struct {
	From   time.Duration
	Set    int32
	starts []int32 // occurrences whose onset this is
}

// PhaseMap is how the run's time is cut into intervals. It is immutable and
// replaced as a whole; only what lies after the change differs.
type PhaseMap struct {
	Intervals   []Interval
	Sets        []PhaseSet // by number; numbers never change their meaning
	Occurrences []Occurrence
}

// occurrences are the planned ones; none was applied.
func (c *Config) occurrences() (all []Occurrence) {
	for i := range c.Faults {
		all = append(all, Occurrence{Fault: &c.Faults[i], media: anyMedia(&c.Faults[i]), Window: Window{Applied: Forever, Cleared: Forever}, RecoveryEnd: Forever})
	}
	return all
}

// phases is the map of occurrences, of which it settles the recoveries. sets are those
// that have their numbers already.
func (c *Config) phases(sets []PhaseSet, occs []Occurrence) *PhaseMap {
	settleRecoveries(occs, c.Recovery)
	m := &PhaseMap{Sets: sets, Occurrences: occs}
	m.cut(c.ArrivalsEnd, c.TargetDuration, c.upcoming(occs))
	return m
}

// upcoming is the rules that are planned next and were not applied yet.
func (c *Config) upcoming(occs []Occurrence) Rules {
	var b Rules
	first := Forever
	for _, i := range c.planned {
		o := &occs[i]
		if o.Applied != Forever {
			continue
		}
		if first == Forever {
			first = o.Fault.At
		}
		if o.Fault.At-first <= c.TargetDuration {
			b |= 1 << uint(o.Fault.Rule)
		}
	}
	return b
}

// endsAt is the map of a run that ends: recoveries end there.
func (c *PhaseMap) endsAt(end time.Duration) *PhaseMap {
	occs := slices.Clone(c.Occurrences)
	for i := range occs {
		occs[i].RecoveryEnd = min(occs[i].RecoveryEnd, max(end, occs[i].Applied))
	}
	return &PhaseMap{Intervals: c.Intervals, Sets: c.Sets, Occurrences: occs}
}

// At is the number of the interval that t is in.
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

// cut derives the intervals from the windows. upcoming is the rules of the next
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
		s := PhaseSet{Quiet: from >= arrivalsEnd}
		var starts []int32
		for i := range c.Occurrences {
			o := &c.Occurrences[i]
			r := Rules(1) << uint(o.Fault.Rule)
			switch {
			case o.Applied == Forever || from < o.Applied:
			case from < o.Cleared:
				s.Fault |= r
			case from < o.RecoveryEnd:
				s.Recovery |= r
				s.Cleared |= r
			default:
				s.Cleared |= r
			}
			if o.Applied == from {
				starts = append(starts, int32(i))
			}
		}
		s.Recovery &^= s.Fault
		s.Quiet = s.Quiet && s.Fault == 0 && s.Recovery == 0
		if s.Quiet {
			s.Baseline = c.nextRules(from, target, upcoming)
			s.Alone = len(c.Occurrences) == 0
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

// number finds or adds a phase set. Sets is copied on growth because older maps
// share it.
func (c *PhaseMap) number(s PhaseSet) int32 {
	if i := slices.Index(c.Sets, s); i >= 0 {
		return int32(i)
	}
	c.Sets = append(slices.Clip(c.Sets), s)
	return int32(len(c.Sets) - 1)
}

// BaselineOf is the stretch before an onset that its values are compared with;
// empty when another fault was on or in recovery right before.
func (c *PhaseMap) BaselineOf(o *Occurrence, target time.Duration) (from, to time.Duration) {
	for i := len(c.Intervals) - 1; i >= 0; i-- {
		p := &c.Intervals[i]
		if p.From >= o.Applied || !c.Sets[p.Set].Quiet {
			continue
		}
		to = o.Applied
		if i+1 < len(c.Intervals) {
			to = c.Intervals[i+1].From
		}
		if o.Applied-to > target {
			return 0, 0
		}
		for i > 0 && c.Sets[c.Intervals[i-1].Set].Quiet {
			i--
		}
		return c.Intervals[i].From, to
	}
	return 0, 0
}
