// Package journal keeps what a run has done to its target, so that an
// interrupted run can be put back. Every step that changes something is on
// disk before it is made, with what it takes to undo it.
//
// Start with [Create] and [Journal.Record]; [Read] reads a journal, [Undo] puts
// back what it left behind. Faults of the embedded rig and of the players'
// transport end with the process that made them; for those of the user's
// programs the stop program is run.
//
// A journal never carries the values of secrets when it was given a redactor.
package journal
