// Package stage has what runs in real time and in virtual time have in common: the
// configuration of the collector, predictions, and the work of each second.
//
// Start with [Measure] and [Second].
package stage
