// Package m3u8 reads and writes HLS playlists (rfc8216bis).
//
// Start with [Parse], which returns a [*Multivariant] or a [*Media] playlist.
// Both keep every tag of rfc8216bis-22, and those they do not know as [Tag]s.
// Parsing is one pass with hard limits on everything ([Limits]), so a hostile
// or damaged body gives an [*Error] with a line number, never a panic and
// never unbounded memory. [Merge] completes a delta update (EXT-X-SKIP), and
// the Append methods write a playlist back.
//
// A parsed playlist is immutable, may be shared by any number of players, and
// holds one copy of the body: its strings point into it.
//
// What is refused and what is put up with follows one question: would a
// player play this? A body that does not begin with #EXTM3U, a mixture of both
// kinds of playlist, a tag or attribute that may be there only once and is
// there twice, a missing EXT-X-TARGETDURATION, and numbers out of range are
// refused. CRLF, blank lines, stray spaces, a missing final newline, a missing
// comma after EXTINF and missing quotes are not worth a word. A byte order
// mark, and tags that rfc8216bis 6.3.1 tells a client to ignore, are put up
// with and reported in Findings. A media playlist that ends inside a segment is
// parsed up to there and marked Truncated, because players do play those.
//
// The package does not fetch anything and does not judge a playlist beyond
// what a client must refuse: whether segments are longer than the target
// duration, or hold-backs too short, is for others to say.
package m3u8
