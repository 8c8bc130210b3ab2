// Package ticket is what lets a session in: its own URL and headers, with a token
// in them that no other session has.
//
// A [Template] is a URL or a header value with fields, as in
// https://host/{token}/live/index.m3u8. A [Ticket] is what a file of tokens, or a
// program that issues them, says about one session. A [Gate] makes a [Pass] of
// both: the URL that the session opens, its headers, and the translation between
// the URLs that its requests carry and those that all sessions share.
//
// Sessions share URLs so that thousands of tokens in paths cost no more than one:
// the player, the cache of parsed playlists, the pipelines and the faults know
// each thing by one URL, with a stand-in where the token is. Only what goes over
// the wire has the token. A stand-in cannot be guessed, so no playlist can make a
// session send its token where it should not go.
//
// The package is arithmetic on text: it reads no file and starts no program.
package ticket
