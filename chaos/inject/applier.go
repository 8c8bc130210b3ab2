package inject

import (
	"context"
	"fmt"
	"sync"

	"hlsload/chaos"
)

// Counts are what players saw: answers and links that a fault changed, and answers that
// were looked at in all. Those of several injectors add up.
type Counts struct{ Touched, Passed uint64 }

// Applier applies faults via viewer at all players of a run, wherever they are.
type Applier struct {
	Open  func(*chaos.Fault) error
	Close func(*chaos.Fault)
	// Since is what all players together saw since a window was last opened or closed. It is
	// false while some of them may not have heard of that.
	Since func(*chaos.Fault) (Counts, bool)

	mu   sync.Mutex
	seen map[*chaos.Fault]uint64 // by LookUndone
}

// Apply opens the window of the fault.
func (a *Applier) Apply(_ context.Context, f *chaos.Fault) error { return a.Open(f) }

// Undo closes the window of the fault.
func (a *Applier) Undo(_ context.Context, f *chaos.Fault) error {
	a.mu.Lock()
	delete(a.seen, f)
	a.mu.Unlock()
	a.Close(f)
	return nil
}

const unheard = "not all agents have reported since"

// Look reports whether any player was shown the fault since it was applied.
func (a *Applier) Look(_ context.Context, f *chaos.Fault) (bool, string) {
	n, all := a.Since(f)
	switch {
	case n.Touched > 0:
		return true, fmt.Sprintf("players saw it %d times", n.Touched)
	case !all:
		return false, unheard
	case f.Kind.Spec().Part == chaos.PartLink:
		return false, "no player's link was affected"
	}
	return false, fmt.Sprintf("none of %d answers was changed since: no player requested what the fault selects", n.Passed)
}

// LookUndone reports whether players are shown what is real again: nothing was changed by
// the fault since the last look after the undo.
func (a *Applier) LookUndone(_ context.Context, f *chaos.Fault) (bool, string) {
	n, all := a.Since(f)
	if !all {
		return false, unheard
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if more := n.Touched - a.seen[f]; more > 0 {
		if a.seen == nil {
			a.seen = map[*chaos.Fault]uint64{}
		}
		a.seen[f] = n.Touched
		return false, fmt.Sprintf("players saw it %d times since the undo", more)
	}
	return true, fmt.Sprintf("%d answers since, none changed", n.Passed)
}
