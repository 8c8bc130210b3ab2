// Package stream reads a stream from its multivariant playlists: which pipeline
// each media playlist belongs to, which variants are copies of each other, and
// which have none.
//
// Start with [Read]. A probe prints what it returns, a run injects faults by it,
// and predictions, trials and reports use it, so that all of them mean the same
// pipeline. What a player makes of copies is not decided here: that is the
// grouping of its profile.
//
// The package is pure: it fetches nothing.
package stream
