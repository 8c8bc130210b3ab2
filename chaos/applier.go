package chaos

import "context"

// Applier makes faults happen and puts them right again. The driver of a
// [Conductor] calls it: the methods for one fault one after another, for
// several faults at the same time. Every method must return soon after its
// context ends.
type Applier interface {
	// Apply starts the fault and returns once it is acknowledged. After an
	// error Undo follows all the same: half a fault may be there.
	Apply(ctx context.Context, f *Fault) error
	// Look reports whether the target shows the fault, with what was seen. It is
	// asked again until it does.
	Look(ctx context.Context, f *Fault) (bites bool, detail string)
	// Undo puts everything back. It must be harmless when there is nothing to
	// put back, and when it is called again.
	Undo(ctx context.Context, f *Fault) error
	// LookUndone reports whether the target is healthy again, as far as this
	// fault goes, with what was seen.
	LookUndone(ctx context.Context, f *Fault) (healthy bool, detail string)
}
