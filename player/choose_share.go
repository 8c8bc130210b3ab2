package player

import "hlsload/player/policy"

// chooseShare takes the highest level that fits in a share of the estimate,
// after every segment.
type chooseShare struct {
	choosing `yaml:"-"`
	Up       float64 `yaml:"up"`   // a higher level must fit in up × estimate
	Down     float64 `yaml:"down"` // the current one stays within down × estimate
	// Average goes by AVERAGE-BANDWIDTH while two segments are buffered.
	Average bool `yaml:"average"`
}

func (c *chooseShare) Limits(l *policy.Limits) {
	share(l, "up", &c.Up)
	share(l, "down", &c.Down)
}

func (c *chooseShare) shares() (down, up float64) { return c.Down, c.Up }

func (c *chooseShare) needs(p *Player, l *Level) float64 {
	if c.Average && p.ahead(&p.main) >= 2*p.segmentDuration() {
		return float64(l.Average)
	}
	return float64(l.Bandwidth)
}
