package player

import (
	"time"

	"hlsload/player/policy"
)

// AbandonNever waits for every segment.
type AbandonNever struct{}

func (*AbandonNever) Limits(*policy.Limits) {}

func (*AbandonNever) first(time.Duration) time.Duration   { return Never }
func (*AbandonNever) look(*Player, *flight) time.Duration { return Never }
