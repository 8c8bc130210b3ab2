// Package embedded starts the NATS server of a conductor. The core build leaves the
// server out: there [Start] returns an error. The tag full puts it in.
package embedded

import (
	"context"

	"hlsload/run/bus/natsbus"
)

// Server is a server inside this process.
type Server interface {
	// Bus connects the conductor.
	Bus(context.Context, natsbus.Options) (*natsbus.Bus, error)
	// Join returns the join string of a role.
	Join(natsbus.Role) (*natsbus.Join, error)
	// Close ends the server and waits for it.
	Close()
}
