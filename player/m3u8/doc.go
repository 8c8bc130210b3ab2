// Package m3u8 reads and writes HLS playlists (rfc8216bis).
//
// Start with [Parse], which returns a [Multivariant] or a [Media] playlist.
// Both keep every tag of rfc8216bis-22, and those they do not know as
// [Tag]s. Parsing is one pass with hard limits on everything, so a hostile or
// truncated body gives an error with a line number, never a panic and never
// unbounded memory.
//
// It does not fetch anything and does not judge a playlist beyond what a
// client must refuse.
package m3u8
