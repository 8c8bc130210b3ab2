// Package kernel extracts from simulated viewers what one viewer asks of the edge: in the
// steady state, after joining, and after the onset of a fault. These responses are linear: for
// N viewers they are multiplied by N (fan-out adds up, as long as links, edge and origin are
// not saturated). What is not linear, the caches, is left to formulas (hlsload/capacity/cache).
//
// A [Recorder] listens to the collector of one simulation ([Recorder.Take] is a
// record.Config.Tap); [Of] makes a [Kernel] of what one or several have counted. The simulation
// must have no churn: a viewer is expected to be there from arrival to the end.
//
// A kernel from n viewers carries their noise. [Noise] is how much of the highest second it is.
//
// The package is pure.
package kernel
