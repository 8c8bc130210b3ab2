// Package player is one viewer as a state machine: join, reload, fetch, buffer,
// stall, switch, fail over, leave.
//
// Start with [New], then feed [Player.Step] with what happened and carry out
// the actions it returns; [Player.Wake] says when it wants to be called without
// anything having happened. How the player behaves is data: a profile
// (hlsload/player/profile) interpreted by this one engine.
//
// The package is pure: no sockets, no clock, no goroutines, and no knowledge of
// being tested. Time is a duration since the start of the run. A Player belongs
// to one caller at a time.
package player
