// Package scenarios reads scenario files: the embedded channel or a URL to
// watch, the fleet that watches it, the faults on a timeline, and what is
// expected.
//
// Start with [Open], which finds a file or a scenario that ships, and [Load],
// which decodes it into the configurations of the other packages: every key
// has a default, every problem is reported with its line and column, all of
// them at once. [Override] changes single values from flags and environment.
// [DecodeFault] reads one chaos entry from a control API, [Scenario.Plan]
// prints the expanded timeline. [LoadEvent] reads an event: how many will watch
// when, from where, and which scenario.
//
// The package checks everything that can be checked without the network. It
// runs nothing; only [Open] touches files.
package scenarios
