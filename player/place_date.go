package player

import (
	"time"

	"hlsload/player/policy"
)

// PlaceDate goes by date-times; without those that count, as timeline.apart has it.
type PlaceDate struct{}

func (*PlaceDate) Limits(*policy.Limits) {}

func (*PlaceDate) at(p *Player, base time.Duration) (time.Duration, bool) {
	return p.cfg.Profile.Timeline.Apart.Is.at(p, base)
}

func (*PlaceDate) byDate() bool { return true }
