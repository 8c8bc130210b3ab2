package chaos

import (
	"cmp"
	"slices"
	"time"
)

// state of one occurrence.
type state uint8

const (
	waiting   state = iota // its start has not come
	applying               // apply was ordered
	looking                // applied; not seen to bite yet
	holding                // seen to bite
	undoing                // undo was ordered, or waits to be tried again
	verifying              // undone; not seen healthy yet
	over
)

type occurrence struct {
	fault   *Fault
	outcome Outcome
	state   state
	asked   bool          // an order waits for its answer
	next    time.Duration // of the next order in this state; Open = none
	end     time.Duration // of the window
	since   time.Duration // when undoing or verifying began
	unseen  string        // what the last look for the fault saw
}

// Conductor walks the timeline of a run: it says when to apply each fault,
// looks until the fault shows at the target, undoes it at the end of its
// window, and looks until the target is healthy again. Whatever happens, what
// was applied is undone: after an error of apply, on an abort, and again when
// an undo fails.
//
// It is not safe for concurrent use. It keeps no clock: now is an argument and
// must not decrease, and [Conductor.Wake] says when to come back.
type Conductor struct {
	timeline Timeline
	all      []*occurrence
	aborted  bool
	reason   string
	grace    bool          // the abort is one with grace
	until    time.Duration // the grace; 0 = not begun
	stopped  bool
}

// NewConductor returns the conductor of these occurrences, as [Expand] made
// them. It keeps pointers to them.
func NewConductor(faults []Fault, t Timeline) *Conductor {
	t.LookEvery = cmp.Or(t.LookEvery, 250*time.Millisecond)
	t.RetryUndo = cmp.Or(t.RetryUndo, time.Second)
	c := &Conductor{timeline: t}
	for i := range faults {
		f := &faults[i]
		o := &occurrence{fault: f, outcome: Outcome{Fault: f}, next: f.At, end: Open}
		if f.For > 0 {
			o.end = f.At + f.For
		}
		if f.At < t.From {
			o.state = over // of the run before this conductor
		}
		if d := t.Duration; d > 0 {
			o.end = min(o.end, d)
			if f.At > d {
				o.state = over // never applied
			}
		}
		c.all = append(c.all, o)
	}
	return c
}

// Len returns how many occurrences there are; their IDs are the numbers below.
func (c *Conductor) Len() int { return len(c.all) }

// Outcomes returns what became of each occurrence so far, by ID.
func (c *Conductor) Outcomes() []Outcome {
	out := make([]Outcome, len(c.all))
	for i, o := range c.all {
		out[i] = o.outcome
	}
	return out
}

// Outcome returns what became of one occurrence so far, and whether it is over.
func (c *Conductor) Outcome(id int) (Outcome, bool) {
	return c.all[id].outcome, c.all[id].state == over
}

// Aborted returns the reason of the abort, "" when there was none.
func (c *Conductor) Aborted() string { return c.reason }

// Stopped reports whether the stop was ordered.
func (c *Conductor) Stopped() bool { return c.stopped }

// Step takes one observation and appends what is to be done to out. An answer
// that is not waited for is ignored.
func (c *Conductor) Step(now time.Duration, seen Observation, out []Order) []Order {
	if c.stopped {
		return out
	}
	switch seen.Type {
	case Abort:
		c.abort(seen.Detail, seen.OK)
	case Tick:
	default:
		if seen.ID >= 0 && seen.ID < len(c.all) {
			c.observe(now, c.all[seen.ID], seen)
		}
	}
	for id, o := range c.all {
		for c.advance(now, o) {
			if order, ok := o.order(); ok {
				out = append(out, Order{order, id, o.fault})
			}
		}
	}
	if c.finished(now) {
		c.stopped = true
		out = append(out, Order{Type: OrderStop, ID: -1})
	}
	return out
}

// Wake returns when the conductor wants a tick, [Open] for never.
func (c *Conductor) Wake() time.Duration {
	if c.stopped {
		return Open
	}
	wake, busy := Open, false
	for _, o := range c.all {
		if o.state == over {
			continue
		}
		busy = true
		wake = min(wake, o.wake())
		if !(o.state == undoing && o.asked) { // an undo under way is never given up
			wake = min(wake, c.deadline(o))
		}
	}
	if !busy && c.timeline.Duration > 0 {
		wake = c.timeline.Duration
	}
	if !busy && c.grace {
		wake = min(wake, c.until)
	}
	return wake
}

// wake is when the occurrence itself has something to do next.
func (o *occurrence) wake() time.Duration {
	wake := Open
	if !o.asked {
		wake = o.next
	}
	if o.state == looking || o.state == holding {
		wake = min(wake, o.end)
	}
	return wake
}

func (c *Conductor) abort(reason string, grace bool) {
	if c.aborted {
		c.grace = c.grace && grace // an abort without grace means now
		return
	}
	c.aborted, c.reason = true, cmp.Or(reason, "aborted")
	c.grace = grace && slices.ContainsFunc(c.all, func(o *occurrence) bool { return o.state != waiting && o.state != over })
	for _, o := range c.all {
		switch o.state {
		case waiting:
			o.enter(over, Open)
		case applying, looking, holding:
			o.end, o.outcome.Cut = 0, true
		}
	}
}

// enter is the only place where an occurrence changes its state. The first
// order of the new state is due at next.
func (o *occurrence) enter(s state, next time.Duration) {
	o.state, o.next, o.asked = s, next, false
}

// observe takes what was seen of one occurrence.
func (c *Conductor) observe(now time.Duration, o *occurrence, seen Observation) {
	if !o.asked {
		return
	}
	switch {
	case seen.Type == Applied && o.state == applying:
		o.applied(now, seen.Err)
	case seen.Type == Bites && o.state == looking:
		o.bites(now, seen, c.timeline.LookEvery)
	case seen.Type == Undone && o.state == undoing:
		o.undone(now, seen.Err, c.timeline.RetryUndo)
	case seen.Type == Healthy && o.state == verifying:
		o.healthy(now, seen, c.timeline.LookEvery)
	}
}

func (o *occurrence) applied(now time.Duration, err string) {
	if err == "" {
		o.outcome.Applied, o.outcome.AppliedAt = true, now
	} else {
		o.outcome.Err = err
	}
	switch {
	case o.fault.Kind.Spec().Instant:
		if err == "" {
			r := &o.outcome
			r.Bitten, r.Undone, r.UndoVerified = true, true, true
			r.BittenAt, r.ClearedAt, r.HealthyAt = now, now, now
		}
		o.enter(over, Open)
	case err != "":
		o.since = now
		o.enter(undoing, now)
	default:
		o.enter(looking, now)
	}
}

func (o *occurrence) bites(now time.Duration, seen Observation, again time.Duration) {
	o.outcome.Detail, o.unseen = seen.Detail, seen.Detail
	if !seen.OK {
		o.enter(looking, now+again)
		return
	}
	o.outcome.Bitten, o.outcome.BittenAt = true, now
	o.enter(holding, Open)
}

func (o *occurrence) undone(now time.Duration, err string, again time.Duration) {
	if err != "" {
		o.outcome.Err = cmp.Or(o.outcome.Err, err)
		o.enter(undoing, now+again)
		return
	}
	o.outcome.Undone, o.outcome.ClearedAt = true, now
	o.since = now
	o.enter(verifying, now)
}

func (o *occurrence) healthy(now time.Duration, seen Observation, again time.Duration) {
	if o.outcome.Bitten || !seen.OK { // else it would hide why the fault never showed
		o.outcome.Detail = seen.Detail
	}
	if !seen.OK {
		o.enter(verifying, now+again)
		return
	}
	o.outcome.UndoVerified, o.outcome.HealthyAt = true, now
	if !o.outcome.Bitten { // a look that was not well yet may have come since
		o.outcome.Detail = o.unseen
	}
	o.enter(over, Open)
}

// advance moves one occurrence on when its time has come and reports whether it
// did.
func (c *Conductor) advance(now time.Duration, o *occurrence) bool {
	switch o.state {
	case waiting:
		if now < o.next {
			return false
		}
		o.outcome.Tried = true
		o.enter(applying, now)
		return true
	case looking, holding:
		if now >= o.end {
			o.since = now
			o.enter(undoing, now)
			return true
		}
	case undoing, verifying:
		if now >= c.deadline(o) && !(o.state == undoing && o.asked) { // see Wake
			o.enter(over, Open)
			return true
		}
	case over:
		return false
	}
	_, orders := orderIn[o.state]
	return orders && !o.asked && now >= o.next && o.next != Open
}

// orderIn is what each state orders.
var orderIn = map[state]OrderType{applying: OrderApply, looking: OrderLook, undoing: OrderUndo, verifying: OrderLookUndone}

// order returns the order that is due in the state and notes that it was given.
func (o *occurrence) order() (OrderType, bool) {
	order, ok := orderIn[o.state]
	if !ok || o.asked || o.next == Open {
		return 0, false
	}
	o.asked = true
	return order, true
}

// deadline is when an undo that did not succeed, or was not verified, is given
// up. What another fault may hold too cannot be healthy before that is undone
// as well.
func (c *Conductor) deadline(o *occurrence) time.Duration {
	if o.state != undoing && o.state != verifying {
		return Open
	}
	since := o.since
	if o.state == verifying {
		for _, other := range c.all {
			if other == o || !meet(o.fault, other.fault) {
				continue
			}
			switch other.state {
			case applying, looking, holding, undoing:
				return Open
			case verifying, over:
				since = max(since, other.outcome.ClearedAt)
			}
		}
	}
	return since + max(c.timeline.Grace(), c.timeline.Patience[o.fault.Via])
}

// meet reports whether two faults may hit the same thing.
func meet(a, b *Fault) bool {
	if a.Pipeline != Any && b.Pipeline != Any && a.Pipeline != b.Pipeline {
		return false
	}
	if a.Pop != Any && b.Pop != Any && a.Pop != b.Pop {
		return false
	}
	return a.Cohort == "" || b.Cohort == "" || a.Cohort == b.Cohort
}

// finished reports whether nothing is left to do.
func (c *Conductor) finished(now time.Duration) bool {
	if slices.ContainsFunc(c.all, func(o *occurrence) bool { return o.state != over }) {
		return false
	}
	if c.timeline.Duration > 0 && now >= c.timeline.Duration {
		return true
	}
	if !c.aborted || !c.grace {
		return c.aborted
	}
	if c.until == 0 {
		c.until = now + c.timeline.Linger
	}
	return now >= c.until
}
