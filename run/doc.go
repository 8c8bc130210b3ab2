// Package run performs a scenario in real time: it looks at the target or starts
// the embedded channel, connects players, faults and measurement, lets the
// timeline happen, puts every fault back, and returns the summary.
//
// Start with [Do]. Package sim is its twin in virtual time; package stage has
// what both need.
package run
