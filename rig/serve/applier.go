package serve

import (
	"context"
	"time"

	"hlsload/chaos"
	"hlsload/rig"
)

// Board holds the plan: what was opened and closed, by what applies faults.
type Board interface {
	Open(f *chaos.Fault, now time.Duration)
	Close(f *chaos.Fault, now time.Duration)
	Plan() *chaos.Plan
}

// Applier applies the rig's own faults. It is a [chaos.Applier].
type Applier struct {
	Server *Server
	Board  Board
}

// Apply opens the fault's window.
func (a *Applier) Apply(_ context.Context, f *chaos.Fault) error {
	a.Server.Do(func(r *rig.Rig, now time.Duration) {
		a.Board.Open(f, now)
		r.SetPlan(a.Board.Plan())
	})
	return nil
}

// Undo closes it.
func (a *Applier) Undo(_ context.Context, f *chaos.Fault) error {
	a.Server.Do(func(r *rig.Rig, now time.Duration) {
		a.Board.Close(f, now)
		r.SetPlan(a.Board.Plan())
	})
	return nil
}

// Look reports whether origin or edges show the fault.
func (a *Applier) Look(_ context.Context, f *chaos.Fault) (bites bool, detail string) {
	a.Server.Do(func(r *rig.Rig, now time.Duration) { bites, detail = r.Bites(now, f) })
	return
}

// LookUndone reports whether they do not show it any more.
func (a *Applier) LookUndone(_ context.Context, f *chaos.Fault) (healthy bool, detail string) {
	a.Server.Do(func(r *rig.Rig, now time.Duration) { healthy, detail = r.Healthy(now, f) })
	return
}
