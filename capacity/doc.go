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
// How far it is off is measured by the tests (go test ./capacity -v -run TestProof -proof), which
// predict configurations that the kernel's simulations did not have, and simulate them, and against
// real runs (go test ./cmd/hlsload -v -run TestRealProof -proof). What it misses, and why:
//
//   - Without collapsing, the origin's rate is up to a quarter too low with a TTL of the playlists, or caches
//     without a shield, that the kernel's simulations did not have: how soon viewers ask for a new segment
//     after the first of them depends on when copies of the playlist expire.
//   - Without collapsing, later herds of a failover (a second reload of what is not there) count as if
//     they came evenly: the peak of the origin may be a fifth too low, with many POPs and no shield a
//     sixth too high. Two simulations of it differ by a tenth themselves.
//   - The peak of a failover depends on when in the viewers' reload cycle the error appears. A kernel
//     has that of its simulations: a TTL of the playlists that is much longer than theirs moves it
//     (edge up to a fifth too high).
//   - A fault answered with 5xx, where caches serve what has expired: the origin is asked once in an
//     error TTL, and the formula takes the TTL of the object. They differ only if these two do.
//   - A class of requests that the kernel's simulations did not have (another ladder, container or
//     encryption) is not there. Such a channel needs a kernel of its own.
//
// The package is pure: it runs simulations, but starts no goroutine. A caller may run several at
// once.
package capacity
