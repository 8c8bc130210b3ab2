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
// What is refused follows one question: would a player play it? A body that is
// no text of tags, and one with nothing that could be played, are refused, and
// so is what exceeds the limits. Everything else is read as players read it:
// what cannot be used (an attribute, a date, a tag, a variant) is left out, and
// a [Finding] says what was odd and what was done. Which players do not put up
// with it is in their profiles, by [Code]. CRLF, blank lines, stray spaces, a
// missing final newline, a missing comma after EXTINF and missing quotes are not
// worth a word. A media playlist that ends inside a segment is parsed up to
// there and marked Truncated, because players do play those.
//
// testdata/wild has a playlist for each kind of oddity, and testdata/wild.txt
// what is made of it. make corpus has the parsers of hls.js and m3u8-parser read
// the same.
//
// The package does not fetch anything and does not judge a playlist beyond
// what a client must refuse: whether segments are longer than the target
// duration, or hold-backs too short, is for others to say.
package m3u8
