//go:build full

package embedded

import (
	"hlsload/run/bus/natsbus"
	"hlsload/run/bus/natsserver"
)

// Full reports whether this build has the server.
const Full = true

// Start starts a server.
func Start(o natsbus.ServerOptions) (Server, error) {
	s, err := natsserver.Start(o)
	if err != nil {
		return nil, err
	}
	return s, nil
}
