// Package inject realises faults via viewer: it shows players answers other
// than the real ones. One [Injector] is shared by all players of a run, so
// that all of them see the same fault.
//
// Start with [New]; every transport hands each answer to [Injector.Answer] and
// does what it says. The [Injector] is the [chaos.Applier] of these faults,
// too. What becomes of an answer is decided in package chaos; nothing here
// opens a connection.
package inject
