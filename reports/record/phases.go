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
	media *chaos.Fault // the fault as anyMedia
	Window
	RecoveryEnd time.Duration // end of the recovery phase; forever until cleared
}

func (o *Occurrence) on(t time.Duration) bool { return t >= o.Applied && t < o.Cleared }

// Interval is a stretch of time, up to the next one.
type Interval struct {
	From   time.Duration
	Set    int32
	starts []int32 // occurrences whose onset this is
	on     []int32 // occurrences that are on
}

// PhaseMap is how the run's time is cut into intervals. It is immutable and
// replaced as a whole; only what lies after the change differs.
type PhaseMap struct {
	Intervals   []Interval
	Sets        []PhaseSet // by number; numbers never change their meaning
	Occurrences []Occurrence
	Gaps        []Gap // in order
}

// occurrences are the planned ones; none was applied.
func (c *Config) occurrences() (all []Occurrence) {
	all = make([]Occurrence, len(c.Faults))
	for i := range c.Faults {
		all[i] = Occurrence{Fault: &c.Faults[i], media: &c.media[i], Window: Window{Applied: Forever, Cleared: Forever}, RecoveryEnd: Forever}
	}
	return all
}

// phases is the map of occurrences, of which it settles the recoveries. sets are those
// that have their numbers already.
func (c *Config) phases(sets []PhaseSet, occs []Occurrence, gaps []Gap) *PhaseMap {
	m := &PhaseMap{Sets: sets, Occurrences: occs, Gaps: gaps}
	onsets := m.onsets()
	m.settleRecoveries(onsets, c.Recovery)
	m.cut(onsets, c.ArrivalsEnd, c.TargetDuration, c.upcoming(occs))
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
	return &PhaseMap{Intervals: c.Intervals, Sets: c.Sets, Occurrences: occs, Gaps: c.Gaps}
}

// At is the number of the interval that t is in.
func (c *PhaseMap) At(t time.Duration) int {
	i, ok := slices.BinarySearchFunc(c.Intervals, t, func(p Interval, t time.Duration) int { return cmp.Compare(p.From, t) })
	if !ok {
		i--
	}
	return max(i, 0)
}

// onsets are the occurrences that were applied, by their onset.
func (c *PhaseMap) onsets() []int32 {
	var all []int32
	for i := range c.Occurrences {
		if c.Occurrences[i].Applied != Forever {
			all = append(all, int32(i))
		}
	}
	slices.SortStableFunc(all, func(a, b int32) int { return cmp.Compare(c.Occurrences[a].Applied, c.Occurrences[b].Applied) })
	return all
}

// first is the place among the onsets of the first one that is not before t.
func (c *PhaseMap) first(onsets []int32, t time.Duration) int {
	n, _ := slices.BinarySearchFunc(onsets, t, func(i int32, t time.Duration) int { return cmp.Compare(c.Occurrences[i].Applied, t) })
	return n
}

// settleRecoveries ends each recovery after d, or at the next onset.
func (c *PhaseMap) settleRecoveries(onsets []int32, d time.Duration) {
	for i := range c.Occurrences {
		o := &c.Occurrences[i]
		o.RecoveryEnd = Forever
		if o.Cleared == Forever {
			continue
		}
		o.RecoveryEnd = o.Cleared + d
		for _, next := range onsets[c.first(onsets, o.Cleared):] {
			if int(next) != i { // one without length is cleared at its own onset
				o.RecoveryEnd = min(o.RecoveryEnd, c.Occurrences[next].Applied)
				break
			}
		}
	}
}

// edge is an instant at which an occurrence changes.
type edge struct {
	at   time.Duration
	occ  int32
	what edgeType
}

// edgeType is what an edge is; those of one instant come in this order.
type edgeType uint8

const (
	cutHere edgeType = iota
	isApplied
	isCleared
	hasRecovered
)

// cut derives the intervals from the windows. upcoming is the rules of the next
// planned onset after the last one that happened.
func (c *PhaseMap) cut(onsets []int32, arrivalsEnd, target time.Duration, upcoming Rules) {
	edges := make([]edge, 0, 2+3*len(onsets)+2*len(c.Gaps))
	edges = append(edges, edge{at: 0}, edge{at: arrivalsEnd})
	for _, g := range c.Gaps {
		edges = append(edges, edge{at: g.From}, edge{at: g.Settled})
	}
	for _, i := range onsets {
		o := &c.Occurrences[i]
		edges = append(edges, edge{o.Applied, i, isApplied}, edge{o.Cleared, i, isCleared}, edge{o.RecoveryEnd, i, hasRecovered})
	}
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.what, b.what), cmp.Compare(a.occ, b.occ))
	})
	var faults, recovering [64]int // occurrences, by rule
	var cleared Rules
	var on []int32
	c.Intervals = make([]Interval, 0, len(edges))
	next := 0 // of the onsets
	for len(edges) > 0 && edges[0].at < Forever {
		from := edges[0].at
		var starts []int32
		changed := false
		for ; len(edges) > 0 && edges[0].at == from; edges = edges[1:] {
			e := edges[0]
			if e.what == cutHere {
				continue
			}
			rule := c.Occurrences[e.occ].Fault.Rule
			switch e.what {
			case isApplied:
				faults[rule]++
				starts = append(starts, e.occ)
				on, changed = append(slices.Clip(on), e.occ), true
			case isCleared:
				faults[rule]--
				recovering[rule]++
				cleared |= 1 << rule
				on, changed = slices.DeleteFunc(slices.Clone(on), func(i int32) bool { return i == e.occ }), true
			case hasRecovered:
				recovering[rule]--
			}
		}
		if from < 0 {
			continue
		}
		if changed {
			on = slices.Sorted(slices.Values(on)) // earlier intervals share the one before
		}
		for next < len(onsets) && c.Occurrences[onsets[next]].Applied <= from {
			next++
		}
		s := PhaseSet{Cleared: cleared}
		for rule := range faults {
			switch r := Rules(1) << rule; {
			case faults[rule] > 0:
				s.Fault |= r
			case recovering[rule] > 0:
				s.Recovery |= r
			}
		}
		if s.Quiet = from >= arrivalsEnd && s.Fault == 0 && s.Recovery == 0 && !c.lostAt(from); s.Quiet {
			s.Baseline = c.nextRules(onsets[next:], target, upcoming)
			s.Alone = len(c.Occurrences) == 0
		}
		c.Intervals = append(c.Intervals, Interval{From: from, Set: c.number(s), starts: starts, on: on})
	}
}

// lostAt reports whether an instant is in a gap, or the viewers are not all back after it.
func (c *PhaseMap) lostAt(t time.Duration) bool {
	return slices.ContainsFunc(c.Gaps, func(g Gap) bool { return g.From <= t && t < g.Settled })
}

// nextRules are the rules of the first of the onsets to come, and of those that follow
// it within a target duration: they share its baseline.
func (c *PhaseMap) nextRules(onsets []int32, target time.Duration, upcoming Rules) Rules {
	if len(onsets) == 0 {
		return upcoming
	}
	var b Rules
	next := c.Occurrences[onsets[0]].Applied
	for _, i := range onsets {
		o := &c.Occurrences[i]
		if o.Applied-next > target {
			break
		}
		b |= 1 << uint(o.Fault.Rule)
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
	for i := min(c.At(o.Applied), len(c.Intervals)-1); i >= 0; i-- {
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
