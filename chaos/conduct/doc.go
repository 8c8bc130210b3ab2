// Package conduct carries out the timeline of a run in real time: it drives a
// [chaos.Conductor] with a timer, calls the appliers of the faults, and writes
// every step to a journal before it is made.
//
// Start with [New] and [Runner.Run]. [Board] holds the plan that requests are
// decided by. Faults of the embedded rig, of the players' transport and of the
// user's programs are applied by [chaos.Applier]s made elsewhere.
package conduct
