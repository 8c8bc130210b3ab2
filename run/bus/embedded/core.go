//go:build !full

package embedded

import (
	"errors"

	"hlsload/run/bus/natsbus"
)

// Full reports whether this build has the server.
const Full = false

// Start returns an error.
func Start(natsbus.ServerOptions) (Server, error) {
	return nil, errors.New("this is the core build of hlsload, without a NATS server (want --nats URL, or the full one: make build, the container image or a release)")
}
