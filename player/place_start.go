package player

import (
	"time"

	"hlsload/player/policy"
)

// PlaceStart has it start where the window of the one before it starts.
type PlaceStart struct{}

func (*PlaceStart) Limits(*policy.Limits) {}

func (*PlaceStart) at(p *Player, base time.Duration) (time.Duration, bool) {
	if t := &p.main; t.media != nil {
		base += p.cfg.Profile.Behind.Is.moved(p, t)
	}
	return base, true
}

func (*PlaceStart) byDate() bool { return false }
