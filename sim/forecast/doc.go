// Package forecast says before a run what it will ask of a target: how many
// requests and bytes, how many in the busiest seconds, what that costs, and
// which ceilings follow. [StreamOf] is what a look at the stream has seen,
// [Stream.Channel] an embedded channel of the same shape, and [Expect] simulates
// the fleet and the faults of the run on it; a large audience by a smaller one.
//
// The package is pure.
package forecast
