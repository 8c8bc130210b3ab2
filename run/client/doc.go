// Package client is the HTTP client of players, and of checks of a target: engines,
// connections, redirects, cookies, certificates and, with package credential, the
// credentials of each host. Players and checks follow the same rules.
//
// Start with [New]: a [Client] belongs to one player, with its own connections and
// cookies. It sends requests through an [Engine]: a small HTTP/1.1 client for http
// URLs, and net/http for https URLs, with HTTP/2. All players share a [Dialer]; it
// looks up the host of each connection again, chooses one of its addresses, and
// checks whether they may be dialled. A [Visitor] fetches single resources.
package client
