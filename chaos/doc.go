// Package chaos holds faults as data and decides what they do.
//
// A [Fault] is a window on the timeline: it has a start and an end, so undoing
// it is derived and never written by hand. A [Plan] is the faults of a run with
// the windows that were really opened; [Plan.Decide] says what happens to one
// request. The [Conductor] walks the timeline: now and observations in, apply,
// verify, undo and stop out.
//
// This package is pure: it applies nothing. The embedded rig, the players' own
// transport, the simulator and the drivers below this directory realise what
// it decides.
package chaos
