package natsbus

import "time"

// ServerOptions say how a conductor starts a server inside its process.
type ServerOptions struct {
	// Keys are the secrets of the server.
	Keys *Keys
	// Listen is the address for agents, host:port; a port alone means loopback, port 0 any
	// that is free. Empty = no socket: only this process connects.
	Listen string
	// Reach is host:port where agents reach the server, when that is not where it
	// listens; empty = there.
	Reach string
	// Clients is how many may be connected at a time; 0 = 1,100.
	Clients int
	// Refused gets a line for each client that was turned away, maybe from several
	// goroutines; nil = none.
	Refused func(string)
}

// Lifetime is how long the keys of a server are valid unless a run is longer.
const Lifetime = 48 * time.Hour
