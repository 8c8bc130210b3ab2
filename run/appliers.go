package run

import (
	"context"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/inject"
	"hlsload/chaos/journal"
)

// faulting applies the faults and undoes them.
type faulting struct {
	board     *conduct.Board
	injector  *inject.Injector
	conductor *conduct.Runner
	journal   *journal.Journal
}

// viewers applies faults via viewer.
type viewers struct {
	*inject.Injector
	r *live
}

// Apply opens the window and changes the players' links at once.
func (v *viewers) Apply(ctx context.Context, f *chaos.Fault) error {
	err := v.Injector.Apply(ctx, f)
	v.relink(f)
	return err
}

// Undo closes the window.
func (v *viewers) Undo(ctx context.Context, f *chaos.Fault) error {
	err := v.Injector.Undo(ctx, f)
	v.relink(f)
	return err
}

func (v *viewers) relink(f *chaos.Fault) {
	if f.Kind.Spec().Part == chaos.PartLink {
		v.r.fleet.LinksChanged()
	}
}

// audienceFaults applies the faults that change the number of viewers.
type audienceFaults struct{ r *live }

// Apply lets more viewers arrive, or some leave and rejoin.
func (c *audienceFaults) Apply(_ context.Context, f *chaos.Fault) error {
	f.Gather(c.r.fleet)
	return nil
}

// Undo has nothing to do: these faults are instants.
func (c *audienceFaults) Undo(context.Context, *chaos.Fault) error { return nil }

// Look has nothing to look at.
func (c *audienceFaults) Look(context.Context, *chaos.Fault) (bool, string) { return true, "" }

// LookUndone has nothing to look at.
func (c *audienceFaults) LookUndone(context.Context, *chaos.Fault) (bool, string) { return true, "" }
