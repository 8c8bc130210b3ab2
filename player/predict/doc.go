// Package predict says beforehand what a player will do when one of two
// pipelines fails: when it notices, when it has media of the other one, for how
// long its viewer sees nothing, and how it ends. What a run measured beside it
// is either what was expected or a finding.
//
// Start with [See], how a profile sees a multivariant playlist, then
// [Predict]. Nothing here knows a player by name: everything follows from the
// fields of a profile (package profile), so a new profile has predictions, too.
// And nothing here uses the engine of package player: it is arithmetic, so that
// the two check each other. The figures hold for a viewer whose link carries
// the level played, who has played for a while and has not stalled before.
//
// # Formulas
//
// The instant of the onset is 0. D is the duration of a segment, TD the target
// duration, H the hold-back, r one small request, g one segment, P the interval
// of reloads that bring news and U of those that do not. The player last asked
// for its playlist at -ψ, ψ ~ U(0, P), which was τ after a segment had been
// published, τ ~ U(0, D). What it saw was e old, e ~ U(0, TTL) for each cache
// on the way. A viewer who joined τ' after a publication and began S later
// plays Λ = H + S + τ' behind the clock of publications, so a buffer that ends
// with media published at a runs dry at a + Λ.
//
//   - Playlists: asked for at -ψ, then every P or U, until one is missing or is
//     found stale by the profile's rule (stale.detect). Missing is a playlist
//     from the onset, or from when the invalidator has deleted it: the last
//     write, cut to whole seconds, plus its multiple of TD, plus e.
//   - Segments: the first one that a playlist lists, after the buffered end and
//     once there is room (buffer.goal), and that is missing or hangs. A hang is
//     noticed after the profile's timeout.
//   - X, the ladder: retries with their delays and jitter, the pause, then the
//     rungs, each with what the next try costs: r for a playlist, 2r for a
//     playlist and a segment that is missing, another P + (N-1)·U for a frozen
//     playlist of another level that N unchanged reloads condemn.
//   - Failover: X, then r and g; later if the other pipeline has nothing new
//     yet, or there is no room.
//   - Outage: max(0, instant of enough new media - instant at which the buffer
//     runs dry); to the end of the fault and what follows for those that wait.
//   - A hang that a player with abandon rules meets above its lowest level has
//     no end, if smaller segments save more than the round trips of a change: it
//     drops the segment for the lowest level, waits there for a timeout, and the
//     ladder leads it back up. Otherwise each level costs its timeouts.
//   - A player that stands leaves the window after as long as the window is,
//     which ends the request at hand, and again after W - H, if it does so again.
//
// Each is evaluated at some hundred points that fill the space of ψ, τ, e and
// the jitters evenly; [Spread] has the percentiles. Sources: the shipped
// profiles' own, and for the way these numbers play together the measurements
// that their transcripts quote (hls.js 1.7.4, Shaka 5.2.12, VHS 3.17.5, FFmpeg
// 5.1.9 before one failing server).
package predict
