// Package fleet is thousands of players in real time: it drives the state
// machines of package player with goroutines, timers and HTTP.
//
// Start with [Preflight], which says how many players fit this machine, then
// [New] and [Fleet.Run]. One goroutine owns each player; its fetches run in
// goroutines of their own that end with the fetch, and nothing else touches the
// player. Each player has a client (package client) with connections and cookies
// of its own. A limited link (package link) paces what is read. Playlists that
// several players fetched with equal bytes are parsed once.
//
// [Config.Allow] is asked about each address that is dialled. [Config.Ceiling]
// and [Fleet.Halt] end all players at once.
//
// What the players do goes to a [Session], answer by answer. Faults on the
// viewers' side come in through a [Chaos].
//
// The package measures nothing by itself and decides nothing for a player.
package fleet
