package run

import (
	"context"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/inject"
	"hlsload/chaos/journal"
)

// faulting is what breaks the stream and puts it back.
type faulting struct {
	board     *conduct.Board
	injector  *inject.Injector
	conductor *conduct.Runner
	journal   *journal.Journal
}

// viewers applies faults on the players' side.
type viewers struct {
	*inject.Injector
	r *live
}

// Apply opens the window; links notice at once.
func (v *viewers) Apply(ctx context.Context, f *chaos.Fault) error {
	err := v.Injector.Apply(ctx, f)
	v.relink(f)
	return err
}

// Undo closes it.
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

// crowd applies the faults that are about how many viewers there are.
type crowd struct{ r *live }

// Apply lets more viewers arrive, or some leave and rejoin.
func (c *crowd) Apply(_ context.Context, f *chaos.Fault) error {
	f.Gather(c.r.fleet)
	return nil
}

// Undo has nothing to do: these faults are instants.
func (c *crowd) Undo(context.Context, *chaos.Fault) error { return nil }

// Look has nothing to look at.
func (c *crowd) Look(context.Context, *chaos.Fault) (bool, string) { return true, "" }

// LookUndone has nothing to look at.
func (c *crowd) LookUndone(context.Context, *chaos.Fault) (bool, string) { return true, "" }
