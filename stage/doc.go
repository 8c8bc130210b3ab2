// Package stage has what a run needs on either clock, in real time and in virtual
// time: what the collector is told about a scenario, what is predicted, and what
// is done once a second.
//
// Start with [Measure] and [Second].
package stage
