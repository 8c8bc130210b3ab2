package player

import (
	"time"

	"hlsload/player/policy"
)

// PlacePlayhead has it start at the playback position.
type PlacePlayhead struct{}

func (*PlacePlayhead) Limits(*policy.Limits) {}

func (*PlacePlayhead) at(p *Player, _ time.Duration) (time.Duration, bool) {
	return p.position(p.now), true
}

func (*PlacePlayhead) byDate() bool { return false }
