package player

import (
	"time"

	"hlsload/player/policy"
)

// PlaceZero has it start where the session's timeline did.
type PlaceZero struct{}

func (*PlaceZero) Limits(*policy.Limits) {}

func (*PlaceZero) at(*Player, time.Duration) (time.Duration, bool) { return 0, true }

func (*PlaceZero) byDate() bool { return false }
