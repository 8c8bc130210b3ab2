package run

import (
	"context"
	"sync"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/inject"
	"hlsload/chaos/journal"
)

// faulting applies the faults and undoes them.
type faulting struct {
	board     *conduct.Board
	conductor *conduct.Runner
	journal   *journal.Journal
}

// viewers applies faults via viewer, at the players of all agents.
func (r *live) viewers() *inject.Applier {
	var mu sync.Mutex
	last := map[*chaos.Fault]int{} // entry of the course that opened or closed its window
	change := func(kind entryKind, f *chaos.Fault) error {
		e := of(kind, f, r.now())
		if kind == opened && !r.crew.alone && chaos.Pins(f) {
			e.Lists = r.lists(f)
			e.At = r.now()
		}
		n, err := r.tell(e, nil)
		mu.Lock()
		last[f] = n
		mu.Unlock()
		return err
	}
	return &inject.Applier{
		Open:  func(f *chaos.Fault) error { return change(opened, f) },
		Close: func(f *chaos.Fault) { _ = change(shut, f) },
		Since: func(f *chaos.Fault) (inject.Counts, bool) {
			mu.Lock()
			n := last[f]
			mu.Unlock()
			return r.shownSince(f, n)
		},
	}
}

// audienceFaults applies the faults that change the number of viewers.
type audienceFaults struct{ r *live }

// Apply lets more viewers arrive, or some leave and rejoin.
func (c *audienceFaults) Apply(_ context.Context, f *chaos.Fault) error {
	_, err := c.r.tell(of(gathered, f, c.r.now()), nil)
	return err
}

// Undo has nothing to do: these faults are instants.
func (c *audienceFaults) Undo(context.Context, *chaos.Fault) error { return nil }

// Look has nothing to look at.
func (c *audienceFaults) Look(context.Context, *chaos.Fault) (bool, string) { return true, "" }

// LookUndone has nothing to look at.
func (c *audienceFaults) LookUndone(context.Context, *chaos.Fault) (bool, string) { return true, "" }
