package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hlsload/chaos"
)

// lockKind is what the journal calls the claim of a run, which is no fault.
const lockKind = "lock"

// locks are the claims of a run.
func locks(drivers []Driver, o *Order) (all []step) {
	for _, d := range working(drivers) {
		if l, ok := d.(Locker); ok {
			if c := l.Lock(o); c != nil {
				all = append(all, step{driver: d, change: c})
			}
		}
	}
	return all
}

func newLock() *chaos.Fault { return &chaos.Fault{Name: lockKind, Kind: lockKind, Via: chaos.ViaAWS} }

// settled is how long a claim is given to show to others, before the first
// of them is looked for.
const settled = 5 * time.Second

// Lock claims the targets until a time, and refuses when another run was first.
// It is undone by [Applier.Unlock], whether or not it succeeds.
func (a *Applier) Lock(ctx context.Context, until time.Time) error {
	o := &Order{Fault: a.lock, Run: a.cfg.Run, Expires: until.UTC().Truncate(time.Second)}
	all := locks(a.cfg.Drivers, o)
	for i, s := range all {
		if err := a.make(ctx, o, s, i+1); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	if err := Wait(ctx, settled); err != nil {
		return err
	}
	var problems []error
	for _, s := range all {
		if first, seen := s.change.Bites(ctx); !first {
			problems = append(problems, errors.New(seen))
		}
	}
	return errors.Join(problems...)
}

// Unlock gives the targets free. It may be called again.
func (a *Applier) Unlock(ctx context.Context) error {
	if len(a.steps(a.lock)) == 0 {
		return nil
	}
	if err := a.Undo(ctx, a.lock); err != nil {
		return fmt.Errorf("release the targets: %w", err)
	}
	deadline := a.cfg.Now().Add(Unsettled)
	for _, s := range a.steps(a.lock) {
		for {
			ok, seen := s.change.Healthy(ctx)
			if ok {
				break
			}
			if !a.cfg.Now().Before(deadline) {
				return fmt.Errorf("release the targets: %s", seen)
			}
			if err := Wait(ctx, time.Second); err != nil { // it may not show yet
				return fmt.Errorf("release the targets: %s: %w", seen, err)
			}
		}
	}
	a.mu.Lock()
	delete(a.made, a.lock)
	a.mu.Unlock()
	return a.cfg.Journal.Over(a.lock)
}
