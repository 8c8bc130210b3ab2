// Package estimate estimates throughput: what a player takes from its transfers
// for the choice of the next level.
//
// A [Policy] is one way of estimating, one file each; [Policy.Start] begins the
// [Estimate] of one player. Policies are shared between players and hold no state.
package estimate
