// Package fleet is thousands of players in real time: it drives the state
// machines of package player with goroutines, timers and HTTP.
//
// Start with [Preflight], which says how many players fit this machine, then
// [New] and [Fleet.Run]. One goroutine owns each player; its fetches run in
// goroutines of their own that end with the fetch, and nothing else touches the
// player. Requests go through an [Engine]: [NewLean], a small HTTP/1.1 client
// that carries http URLs, or [NewStandard], net/http, that carries https URLs
// with HTTP/2. Each player has connections and cookies of its own. A limited
// link (package link) paces what is read. Playlists that several players
// fetched with equal bytes are parsed once.
//
// Each connection looks its host up anew and takes another of its addresses;
// [Config.Allow] is asked about each of them. [Config.Ceiling] and [Fleet.Halt]
// end all players at once.
//
// What the players do goes to a [Sink], answer by answer. Faults on the
// viewers' side come in through a [Chaos].
//
// A [Visitor] asks for single things, as the look before a run does, by the same
// rules: there is one client, which decides about redirects, cookies,
// certificates and, with package credential, about who is sent what.
//
// The package measures nothing by itself and decides nothing for a player.
package fleet
