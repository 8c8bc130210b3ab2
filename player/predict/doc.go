// Package predict says beforehand what a player will do when one of two
// pipelines fails: when it notices, when it has media of the other one, for how
// long its viewer sees nothing, and how it ends. What a run measured beside it
// either agrees or is a finding about the server, the network or the profile.
//
// Start with [NewWorld], a stream on a network without caches and without load,
// then [World.Predict]. A prediction is the engine's own: some dozens of players
// of package player watch that stream, each from another instant on and on its
// own link, and lose a pipeline at another instant of a segment. The instants
// fill the space of phases evenly; [Spread] has the percentiles. So every profile
// has predictions, and nothing here reads what a profile says.
//
// What holds for them: they had joined before the fault, and what they do before
// it is what they do with a healthy stream. Whether a profile is like the player
// that it is named after is for the lab to judge (docs/fidelity.md).
package predict
