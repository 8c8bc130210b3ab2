// Package sim runs a scenario in virtual time: the audience, the players, their
// links, the rig and the faults, from queues of events.
//
// Start with [Run]. It is the second driver of the very code that a run in real
// time uses, and it is deterministic: the summary is a function of scenario and
// seed. It knows no sockets and no clock, and has no goroutine of its own: its
// caller may run its lanes at the same time, and gets the same results.
package sim
