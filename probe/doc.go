// Package probe reports what the playlists of a stream, read once, mean for players:
// which players recognise its redundancy, what differs between its pipelines, whether
// their media is aligned, and what each player is predicted to do when one fails.
//
// Start with [Report]: package visit adds a [Sight] of each playlist,
// [Report.Conclude] draws the conclusions and [Report.Write] prints them. Package
// stream decides which playlist belongs to which pipeline, for runs as well.
//
// The package is pure: it fetches nothing.
package probe
