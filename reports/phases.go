package reports

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hlsload/chaos"
)

const forever = time.Duration(math.MaxInt64)

// phase is a part of a fault's story.
type phase uint8

const (
	baseline phase = iota
	during         // the fault is on
	recovery
	either // fault or recovery
	phases
)

var phaseNames = [phases]string{"baseline", "fault", "recovery", ""}

// bits is a set of rules (entries of the chaos list).
type bits uint64

func (b bits) has(rule int) bool { return b>>uint(rule)&1 != 0 }

// span is a class of instants in which the same faults are on (fault), in
// recovery, about to come (baseline), or were on before (cleared).
type span struct {
	fault, recovery, baseline, cleared bits
	// quiet: after the initial arrivals, no fault on and none in recovery.
	quiet bool
	// alone: the run has no fault at all; then all that is quiet is baseline.
	alone bool
}

// in tells whether the span belongs to a phase of a rule; rule -1 is any.
func (s *span) in(rule int, p phase) bool {
	if rule < 0 {
		switch p {
		case baseline:
			return s.baseline != 0 || s.alone
		case during:
			return s.fault != 0
		case recovery:
			return s.fault == 0 && s.recovery != 0
		}
		return s.fault|s.recovery != 0
	}
	switch p {
	case baseline:
		return s.baseline.has(rule)
	case during:
		return s.fault.has(rule)
	case recovery:
		return s.recovery.has(rule)
	}
	return (s.fault | s.recovery).has(rule)
}

// occurrence is a fault's window as it really was.
type occurrence struct {
	fault   *chaos.Fault
	media   chaos.Fault   // the fault as anyMedia
	applied time.Duration // forever until it was
	cleared time.Duration // forever until it was
	recEnd  time.Duration // end of the recovery phase; forever until cleared
	// normal is the usual startup time by cohort when the fault was applied:
	// a session that waits for longer has an outage.
	normal []time.Duration
}

func (o *occurrence) on(t time.Duration) bool { return t >= o.applied && t < o.cleared }

// piece is a stretch of time, up to the next one.
type piece struct {
	from   time.Duration
	span   int32
	starts []int32 // occurrences whose onset this is
}

// course is how the run's time is cut. It is immutable and replaced as a
// whole; only what lies in the future of the change differs.
type course struct {
	pieces []piece
	spans  []span // by number; numbers never change their meaning
	occs   []occurrence
}

// endsAt is the course of a run that ends: what the end cuts off ends there.
func (c *course) endsAt(end time.Duration) *course {
	occs := slices.Clone(c.occs)
	for i := range occs {
		occs[i].recEnd = min(occs[i].recEnd, max(end, occs[i].applied))
	}
	return &course{pieces: c.pieces, spans: c.spans, occs: occs}
}

// at is the number of the piece that t is in.
func (c *course) at(t time.Duration) int {
	i, ok := slices.BinarySearchFunc(c.pieces, t, func(p piece, t time.Duration) int { return cmp.Compare(p.from, t) })
	if !ok {
		i--
	}
	return max(i, 0)
}

// settleRecoveries ends each recovery after d, or at the next onset.
func settleRecoveries(occs []occurrence, d time.Duration) {
	for i := range occs {
		o := &occs[i]
		o.recEnd = forever
		if o.cleared == forever {
			continue
		}
		o.recEnd = o.cleared + d
		for j := range occs {
			if a := occs[j].applied; j != i && a >= o.cleared && a < o.recEnd {
				o.recEnd = a
			}
		}
	}
}

// cut derives the pieces from the windows. upcoming is the rules of the next
// planned onset after the last one that happened.
func (c *course) cut(arrivalsEnd, target time.Duration, upcoming bits) {
	edges := []time.Duration{0, arrivalsEnd}
	for i := range c.occs {
		o := &c.occs[i]
		edges = append(edges, o.applied, o.cleared, o.recEnd)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	c.pieces = c.pieces[:0:0]
	for _, from := range edges {
		if from < 0 || from == forever {
			continue
		}
		s := span{quiet: from >= arrivalsEnd}
		var starts []int32
		for i := range c.occs {
			o := &c.occs[i]
			r := bits(1) << uint(o.fault.Rule)
			switch {
			case o.applied == forever || from < o.applied:
			case from < o.cleared:
				s.fault |= r
			case from < o.recEnd:
				s.recovery |= r
				s.cleared |= r
			default:
				s.cleared |= r
			}
			if o.applied == from {
				starts = append(starts, int32(i))
			}
		}
		s.recovery &^= s.fault
		s.quiet = s.quiet && s.fault == 0 && s.recovery == 0
		if s.quiet {
			s.baseline = c.nextRules(from, target, upcoming)
			s.alone = len(c.occs) == 0
		}
		c.pieces = append(c.pieces, piece{from: from, span: c.number(s), starts: starts})
	}
}

// nextRules are the rules of the next onset after t, and of those that follow
// it within a target duration: they share its baseline.
func (c *course) nextRules(t, target time.Duration, upcoming bits) bits {
	next := forever
	for i := range c.occs {
		if a := c.occs[i].applied; a > t && a < next {
			next = a
		}
	}
	if next == forever {
		return upcoming
	}
	var b bits
	for i := range c.occs {
		if a := c.occs[i].applied; a >= next && a-next <= target {
			b |= 1 << uint(c.occs[i].fault.Rule)
		}
	}
	return b
}

// number interns a span. Spans is copied on growth because older courses share
// it.
func (c *course) number(s span) int32 {
	if i := slices.Index(c.spans, s); i >= 0 {
		return int32(i)
	}
	c.spans = append(slices.Clip(c.spans), s)
	return int32(len(c.spans) - 1)
}

// baselineOf is the stretch before an onset that its values are compared with;
// empty when another fault was on or in recovery right before.
func (c *course) baselineOf(o *occurrence, target time.Duration) (from, to time.Duration) {
	for i := len(c.pieces) - 1; i >= 0; i-- {
		p := &c.pieces[i]
		if p.from >= o.applied || !c.spans[p.span].quiet {
			continue
		}
		to = o.applied
		if i+1 < len(c.pieces) {
			to = c.pieces[i+1].from
		}
		if o.applied-to > target {
			return 0, 0
		}
		for i > 0 && c.spans[c.pieces[i-1].span].quiet {
			i--
		}
		return c.pieces[i].from, to
	}
	return 0, 0
}
