package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// chooseInterval takes the highest level that fits in a share of the estimate,
// from time to time.
type chooseInterval struct {
	choosingWithin `yaml:",inline"`
	// Every is the shortest time from one choice to the next, even if it was for the level
	// that is played. The first one is free.
	Every units.Duration `yaml:"every"`
}

func (c *chooseInterval) Limits(l *policy.Limits) {
	c.choosingWithin.Limits(l)
	l.Duration("every", &c.Every, time.Millisecond, time.Hour)
}

func (c *chooseInterval) decides(p *Player) bool {
	if p.switched > 0 && p.now-p.switched < time.Duration(c.Every) {
		return false
	}
	p.switched = p.now
	return true
}
