package player

import (
	"time"

	"hlsload/player/policy"
)

// PlaceCount reckons a target duration for each number that is missing; with lower numbers
// both playlists end together.
type PlaceCount struct{}

func (*PlaceCount) Limits(*policy.Limits) {}

func (*PlaceCount) at(*Player, time.Duration) (time.Duration, bool) { return 0, false }

func (*PlaceCount) byDate() bool { return false }
