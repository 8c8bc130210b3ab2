// Package capacity predicts what an event asks of the edge and of the origin: so many viewers
// over time, from these regions, on this channel, and what each fault adds on the worst minute.
//
// A [Plan] is the event. [Plan.Samples] are simulations of a few thousand of its viewers;
// [Plan.Simulate] runs one. What a viewer asks for comes from them, as a kernel
// (hlsload/capacity/kernel), and is multiplied by the viewers; what caches let through comes from
// formulas (hlsload/capacity/cache), because a hit ratio does not scale. [Predict] combines both.
// [Check] predicts one more simulation, of which the kernel knows nothing, and says by how much
// it is wrong; [Errors.Refuse] is an error when that is too much to extrapolate from.
//
//	requests(t) = V(t)·steady + ∫ J(t − a)·join(a)·e^(−a/session) da + V·excess(t − onset)
//	J           = max(0, dV/dt) + V/session
//
// The package is pure: it runs simulations, but starts no goroutine. A caller may run several at
// once.
package capacity
