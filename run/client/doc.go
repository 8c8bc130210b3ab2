// Package client speaks HTTP for players, and for looks at a target before a
// run: engines, connections, redirects, cookies, certificates and, with package
// credential, which host is sent what. All of them follow the same rules.
//
// Start with [New]: a [Client] is one player's, with connections and cookies of
// its own. Its requests go through an [Engine]: a small HTTP/1.1 client carries
// http URLs, and net/http carries https URLs with HTTP/2. A [Dialer] is shared by
// all players; it looks a host up for each connection anew, takes another of its
// addresses, and asks whether each of them may be dialled. A [Visitor] asks for
// single resources.
package client
