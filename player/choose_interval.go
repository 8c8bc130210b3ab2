package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// ChooseInterval takes the highest level that fits in a share of the estimate,
// from time to time.
type ChooseInterval struct {
	choosing `yaml:"-"`
	Share    float64 `yaml:"share"` // of the estimate
	// Every is at least from one choice to the next, even if it was for the level
	// that is played. The first one is free.
	Every units.Duration `yaml:"every"`
}

func (c *ChooseInterval) Limits(l *policy.Limits) {
	share(l, "share", &c.Share)
	l.Duration("every", &c.Every, time.Millisecond, time.Hour)
}

func (c *ChooseInterval) shares() (down, up float64) { return c.Share, c.Share }

func (c *ChooseInterval) decides(p *Player) bool {
	if p.switched > 0 && p.now-p.switched < time.Duration(c.Every) {
		return false
	}
	p.switched = p.now
	return true
}
