package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
)

// About describes a change: everything that is checked before it is made, or
// undone from a journal. All but Witness must be filled in.
type About struct {
	Op     string // its type in the journal, as in "pause"
	Target string // ARN of the thing that is changed
	// Owner is the [Order.Mark] of the occurrence. Where the change leaves something
	// that can carry a name, it is that one.
	Owner string
	End   End
	// Witness: it leaves nothing to undo. What it looks at heals by itself once the
	// other changes are undone.
	Witness bool
}

// String names the change for people.
func (a About) String() string { return a.Op + " of " + a.Target }

// check reports what the description lacks.
func (a About) check() error {
	var lacks []string
	for _, part := range []struct {
		name  string
		given bool
	}{{"an operation", a.Op != ""}, {"a target", a.Target != ""}, {"an owner", a.Owner != ""}, {"an end", a.End.how != ""}} {
		if !part.given {
			lacks = append(lacks, part.name)
		}
	}
	if len(lacks) > 0 {
		return fmt.Errorf("the change does not describe itself (got %s; want %s as well)", a, strings.Join(lacks, ", "))
	}
	return nil
}

// check reports what the description of a change lacks, and where its calls
// contradict it.
func check(c Change) error {
	a := c.About()
	undoes := slices.ContainsFunc(c.Calls(), func(call Call) bool { return call.When == Undoes })
	switch {
	case a.Witness && undoes:
		return fmt.Errorf("the change contradicts itself (got %s, which leaves nothing to undo; want no calls that undo it)", a)
	case a.End.sticky && !undoes:
		return fmt.Errorf("the change contradicts itself (got %s, which stays until it is undone; want a call that undoes it)", a)
	}
	return a.check()
}

// End is how a change ends when nothing undoes it.
type End struct {
	how    string // for people
	at     time.Time
	sticky bool
}

// EndsAt is the end of a change that AWS ends by itself at a time; the zero time
// in a plan.
func EndsAt(at time.Time) End {
	return End{how: fmt.Sprintf("ends by itself %v after its window, even if hlsload has died", chaos.AWSMargin), at: at}
}

// As puts the end into other words.
func (e End) As(how string) End {
	e.how = how
	return e
}

// Ends is the end of a change that is over by itself, in words.
func Ends(how string) End { return End{how: how} }

// StaysSo is the end of a change that stays until this tool undoes it, in words.
func StaysSo(how string) End { return End{how: how, sticky: true} }

// Stays is the end of a change that stays until something undoes it: this tool,
// or a watchdog when it is [Rescuable].
func Stays() End { return StaysSo("stays until hlsload undoes it; nothing else does") }

// What some changes and drivers can do beside the rest.
type (
	// Answerable is a change of which undoing does more when AWS has answered that
	// it was made.
	Answerable interface {
		Change
		Answered()
	}
	// Tidier is a change of which undoing leaves something harmless, which Tidy
	// takes away at the end of a run.
	Tidier interface {
		Change
		Tidy(ctx context.Context) error
	}
	// Reviewer is a change that reports whether other programs have meanwhile
	// changed the same thing.
	Reviewer interface {
		Change
		Review(ctx context.Context) []string
	}
	// Rescuable is a change that a single call undoes, apart from its marks.
	Rescuable interface {
		Change
		Rescue() Rescue
	}
	// Keeper is a watchdog: it stays until what it watches is undone.
	Keeper interface {
		Change
		// Fits reports whether its call still puts back what is there now, once
		// what it watches has been read again.
		Fits() error
	}

	// Guardian is a driver that has AWS make a rescue.
	Guardian interface {
		Driver
		// Watchdog returns a change that is made before c and undone after it; n
		// tells those of one occurrence apart. Nil = there are no watchdogs.
		Watchdog(o *Order, c Change, n int) Change
	}
	// Locker is a driver that can claim its target for a run: by a mark that
	// others see before anything is changed.
	Locker interface {
		Driver
		// Lock returns the change that claims the target; nil = there is none. Its
		// Bites reports whether this run was the first.
		Lock(o *Order) Change
	}
	// Examiner is a driver that can report why its target is not well.
	Examiner interface {
		Driver
		Well(ctx context.Context) error
	}
)

// Answer is embedded in a change that is [Answerable].
type Answer struct {
	Made bool `json:"-"` // the call was answered
}

// Answered notes that the call was answered.
func (a *Answer) Answered() { a.Made = true }

// mayUndo makes sure that a change from a journal was made by that run: a journal
// may come from anywhere, and only what runs leave is taken away.
func mayUndo(a About, run string) error {
	if owner, ours := Ours(a.Owner); !ours || owner != run {
		return fmt.Errorf("not the mark of run %q (got %.80q)", run, a.Owner)
	}
	return a.check()
}
