package chaos

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// pretend is a world in which everything takes some time and may fail.
type pretend struct {
	random  random
	pending []answer // by instant
}

// random draws numbers that can be shrunk.
type random struct{ t *rapid.T }

func (r random) IntN(n int) int       { return rapid.IntRange(0, n-1).Draw(r.t, "n") }
func (r random) Int64N(n int64) int64 { return rapid.Int64Range(0, n-1).Draw(r.t, "n") }

type answer struct {
	at   time.Duration
	seen Observation
}

func (w *pretend) take(now time.Duration, o Order) {
	seen := Observation{ID: o.ID, OK: w.random.IntN(3) > 0}
	fails := func(percent int) {
		if w.random.IntN(100) < percent {
			seen.Err = "no"
		}
	}
	switch o.Type {
	case OrderApply:
		seen.Type = Applied
		fails(15)
	case OrderLook:
		seen.Type = Bites
	case OrderUndo:
		seen.Type = Undone
		fails(30)
	case OrderLookUndone:
		seen.Type = Healthy
	}
	w.pending = append(w.pending, answer{now + time.Duration(w.random.Int64N(int64(4*time.Second))), seen})
	slices.SortStableFunc(w.pending, func(a, b answer) int { return int(a.at - b.at) })
}

// Whatever happens and whenever the run is aborted: nothing is undone before
// its apply was answered, everything that was applied is undone exactly once
// (again only after an undo that failed), and the stop is the last order.
func TestWhatIsAppliedIsUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if problem := walk(random{t}); problem != "" {
			t.Fatal(problem)
		}
	})
}

func walk(random random) (problem string) {
	instant := func() time.Duration { return time.Duration(random.Int64N(int64(60 * time.Second))) }
	faults := make([]Fault, random.IntN(6))
	for i := range faults {
		f := NewFault(fmt.Sprint("f", i), Kinds[random.IntN(len(Kinds))].Kind)
		f.At, f.Pipeline = instant(), random.IntN(3)-1
		if !Lookup(f.Kind).Instant {
			f.For = 1 + instant()
		}
		faults[i] = f
	}
	abort := Open
	if random.IntN(4) > 0 {
		abort = 2 * instant()
	}
	const undone, none = "undone", ""
	type history struct {
		applies, undoes int
		answered        bool   // the apply
		last            string // result of the last undo
		undoing         bool
	}
	histories := make([]history, len(faults))
	c := NewConductor(faults, Timeline{Duration: 125 * time.Second, Target: 4 * time.Second, Recovery: 10 * time.Second, Linger: time.Duration(random.IntN(2)) * 12 * time.Second})
	grace := random.IntN(2) == 0
	w := &pretend{random: random}
	now, stops := time.Duration(0), 0
	step := func(seen Observation) string {
		for _, o := range c.Step(now, seen, nil) {
			if stops > 0 {
				return fmt.Sprint(o.Type, " after the stop")
			}
			if o.Type == OrderStop {
				stops++
				continue
			}
			h := &histories[o.ID]
			switch o.Type {
			case OrderApply:
				if h.applies++; h.applies > 1 || now > abort || now < o.Fault.At {
					return fmt.Sprintf("apply %s at %v, number %d", o.Fault.Name, now, h.applies)
				}
			case OrderUndo:
				if !h.answered || h.undoing || h.last == undone {
					return fmt.Sprintf("undo %s at %v: %+v", o.Fault.Name, now, *h)
				}
				h.undoing = true
				h.undoes++
			}
			w.take(now, o)
		}
		return none
	}
	problem = step(Observation{Type: Tick})
	for steps := 0; problem == none && stops == 0; steps++ {
		if steps > 20_000 {
			return "it never ends"
		}
		next := min(c.Wake(), abort)
		if len(w.pending) > 0 {
			next = min(next, w.pending[0].at)
		}
		if next == Open {
			return "nothing will ever happen"
		}
		now = max(now, next)
		switch {
		case next == abort:
			abort = Open
			problem = step(Observation{Type: Abort, Detail: "interrupt", OK: grace})
		case len(w.pending) > 0 && w.pending[0].at == next:
			seen := w.pending[0].seen
			w.pending = w.pending[1:]
			h := &histories[seen.ID]
			switch seen.Type {
			case Applied:
				h.answered = true
			case Undone:
				h.undoing = false
				if h.last = undone; seen.Err != "" {
					h.last = "failed"
				}
			}
			problem = step(seen)
		default:
			problem = step(Observation{Type: Tick})
		}
	}
	if problem != none {
		return problem
	}
	for id, h := range histories {
		o, over := c.Outcome(id)
		if !over {
			return fmt.Sprintf("stopped although %s is not over", o.Fault.Name)
		}
		if h.applies > 0 && !Lookup(o.Fault.Kind).Instant && h.undoes == 0 {
			return fmt.Sprintf("%s was never undone", o.Fault.Name)
		}
		if (h.last == undone) != o.Undone && !Lookup(o.Fault.Kind).Instant {
			return fmt.Sprintf("%s: outcome %+v after %+v", o.Fault.Name, o, h)
		}
		if h.applies > 0 && h.undoing {
			return fmt.Sprintf("stopped while %s is being undone", o.Fault.Name)
		}
	}
	return none
}
