// Package probe says what a stream, looked at once, means for players: which of them
// see that it is redundant, what differs between its pipelines, whether their media
// lines up, and what each player is predicted to do when one of them fails.
//
// Start with [Report]: package visit fills it with a [Sight] of each playlist,
// [Report.Conclude] draws the conclusions and [Report.Write] prints them. Which
// playlist belongs to which pipeline is decided in package stream, for runs as well.
//
// The package is pure: it fetches nothing.
package probe
