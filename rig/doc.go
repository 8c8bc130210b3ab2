// Package rig is the embedded live channel: encoder pipelines, an S3-shaped
// origin, the stale-playlist invalidator, a shield and edges that keep
// CloudFront's rules.
//
// Start with [New] and [Rig.Advance], which takes a request, decides its answer
// and says when the first byte comes; both the socket server (rig/serve) and the
// simulator (sim) call it. [Rig.SetPlan] says which faults hold, [Rig.Bites] and
// [Rig.Healthy] what a look from outside shows of them, [Rig.Stats] what it cost
// the origin.
//
// A channel is a function of (configuration, windows of the plan, now): what the
// pipelines wrote and the invalidator deleted is replayed from there, so any
// playlist of any instant can be computed. Only caches, request budgets, counters
// and objects that were PUT hold state, all of it bounded. Bodies are made
// when they are read.
//
// From a viewer to the source:
//
//	edge (one per POP) → shield → origin ← pipelines
//	                                     ← invalidator
//
// Every answer carries [chaos.Marks]: the faults that failed, delayed or cut it,
// or because of which it is older than it would be, or shows filler.
//
// Choices where CloudFront's documents leave one, or where a model has to be
// simpler: what an edge has from the shield expires when the shield's copy does;
// a HEAD that misses fetches with a GET; a range of a segment is fetched and kept
// by itself, any other one fetches the whole; an incomplete answer is passed on
// and not kept; a 2xx that a fault made up is not kept; a fetch sees the origin as
// it is when it starts; caches do not look at queries; a layer waits 30 s for the
// one behind.
//
// The package is pure: no sockets, no clock, no goroutines. It does not know
// players.
package rig
