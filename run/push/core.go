//go:build !full

package push

import (
	"context"
	"errors"
)

// Full reports whether this build can push metrics.
const Full = false

// Pusher sends nothing in this build.
type Pusher struct{}

// Start returns an error: the core build has no OTLP.
func Start(context.Context, Config) (*Pusher, error) {
	return nil, errors.New("this is the core build of hlsload, without OTLP (want the full one: make build, the container image or a release)")
}

// Stop does nothing.
func (*Pusher) Stop() {}

// Finish does nothing.
func (*Pusher) Finish(context.Context) error { return nil }
