// Package fleet runs thousands of players in real time: it drives the state machines
// of package player with goroutines, timers and HTTP.
//
// Start with [Preflight], which returns how many players fit on this machine, then
// [New] and [Fleet.Run]. A player has a lock and a timer, and a goroutine
// only while it fetches: who has an event for the player, such as the end of a fetch, gives
// it to the player under the lock and carries on with what the player wants next. Each player has a client (package client) with connections and cookies
// of its own. A limited link (package link) paces the reading. A playlist
// that several players fetched is parsed once.
//
// [Config.Allow] checks each address before it is dialled. [Config.Ceiling] and
// [Fleet.Halt] end all players at once.
//
// Each player's samples go to a [Session]. A [Chaos] has the faults via viewer.
//
// The package measures nothing itself and makes no decision for a player.
package fleet
