// Package spread compares the results of one scenario with several seeds: what of a figure
// is the stream and what is chance.
//
// Start with [Of]. The package is pure.
package spread
