package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"hlsload/chaos/journal"
)

// Undoer undoes what a journal says was left.
type Undoer struct {
	Drivers []Driver
	Lookup  func(name string) (string, bool) // variables of the environment
	Refresh func()                           // before an undo is tried again; nil = nothing to do
	// Patience is how long it is tried again and looked at; 0 = one try, one
	// look.
	Patience time.Duration
	Now      func() time.Time // nil = time.Now

	undone    []Change
	witnesses []Change // look at what heals by itself, once everything is undone
}

// retryEvery is the pause before a failed undo is tried, or a target that is
// not healthy yet looked at, once more.
const retryEvery = 2 * time.Second

// Undo undoes one fault from the lines of its calls, the last call first, and
// looks until nothing of it is left. It is a [journal.Undoer]. When the last
// fault is undone, [Undoer.Heal] looks whether the channel is well again.
func (u *Undoer) Undo(ctx context.Context, l journal.Line) error {
	deadline := u.now().Add(u.Patience)
	var problems []error
	var changes []Change
	for i := len(l.Calls) - 1; i >= 0; i-- {
		c, err := restore(u.Drivers, &l.Calls[i], u.Lookup)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		changes = append(changes, c)
	}
	for _, c := range changes {
		if c.About().Witness {
			u.witnesses = append(u.witnesses, c)
			continue
		}
		if keeps(c) && len(problems) > 0 {
			continue // it may be needed yet
		}
		if err := u.putBack(ctx, c, deadline); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", c.About(), err))
		}
		u.undone = append(u.undone, c)
	}
	return errors.Join(problems...)
}

// Heal looks until everything that faults had stopped goes on, says what was
// seen, and takes away what undoing itself has left. What of that cannot be
// taken away does no harm, and is said, too.
func (u *Undoer) Heal(ctx context.Context) (seen []string, err error) {
	deadline := u.now().Add(u.Patience)
	var problems []error
	for _, c := range u.witnesses {
		if err := u.putBack(ctx, c, deadline); err != nil {
			problems = append(problems, err)
			continue
		}
		if _, detail := c.Healthy(ctx); !slices.Contains(seen, detail) {
			seen = append(seen, detail)
		}
	}
	for _, c := range u.undone {
		if err := tidy(ctx, c); err != nil {
			seen = append(seen, fmt.Sprintf("harmless leftovers: %v", err))
		}
	}
	return append(seen, review(ctx, u.undone)...), errors.Join(problems...)
}

func (u *Undoer) now() time.Time {
	if u.Now == nil {
		return time.Now()
	}
	return u.Now()
}

func (u *Undoer) putBack(ctx context.Context, c Change, deadline time.Time) error {
	for {
		err := c.Undo(ctx)
		if err == nil {
			healthy, detail := c.Healthy(ctx)
			if healthy {
				return nil
			}
			err = fmt.Errorf("undone, but not healthy yet: %s", detail)
		}
		if !u.now().Add(retryEvery).Before(deadline) {
			return err
		}
		if ended := Wait(ctx, retryEvery); ended != nil {
			return errors.Join(err, ended)
		}
		if u.Refresh != nil {
			u.Refresh()
		}
	}
}

// restore makes a change of what the journal has.
func restore(drivers []Driver, call *journal.Call, lookup func(string) (string, bool)) (Change, error) {
	for _, d := range drivers {
		var all []Change
		if d.Service() == call.Service {
			all = d.Empty()
		}
		i := slices.IndexFunc(all, func(c Change) bool { return c.About().Op == call.Op })
		if i < 0 {
			continue
		}
		c := all[i]
		clear, err := call.Reveal(lookup)
		if err == nil {
			err = json.Unmarshal(clear.Change, c)
		}
		if err != nil {
			return nil, fmt.Errorf("journal: call %d: %s %s: %w", call.N, call.Service, call.Op, err)
		}
		if err := mayUndo(c.About(), call.Run); err != nil {
			return nil, fmt.Errorf("journal: call %d: %s %s: %w", call.N, call.Service, call.Op, err)
		}
		if a, ok := c.(Answerable); ok && call.Answered {
			a.Answered()
		}
		return c, nil
	}
	return nil, fmt.Errorf("journal: call %d: no driver can undo %q of service %q (want the version of hlsload that made it)", call.N, call.Op, call.Service)
}

// tidy takes away what undoing itself has left.
func tidy(ctx context.Context, c Change) error {
	if t, ok := c.(Tidier); ok {
		return t.Tidy(ctx)
	}
	return nil
}
