// Package run performs a scenario in real time: it checks the target or starts the
// embedded channel, connects players, faults and measurement, performs the
// timeline, undoes every fault, and returns the summary.
//
// Start with [Do]. Package sim does the same in virtual time; package stage has
// what both need.
package run
