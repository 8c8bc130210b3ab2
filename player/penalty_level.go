package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// penaltyLevel gives up the level that is played.
type penaltyLevel struct {
	For units.Duration `yaml:"for"` // how long it is not chosen again; "never" = for ever
}

func (c *penaltyLevel) Limits(l *policy.Limits) { l.Duration("for", &c.For, 0, Never) }

func (c *penaltyLevel) lasts() units.Duration       { return c.For }
func (*penaltyLevel) of(p *Player, _ *flight) int16 { return p.main.rendition }
func (*penaltyLevel) sound() bool                   { return false }
func (*penaltyLevel) blames() bool                  { return true }
func (*penaltyLevel) chosen(*Player, int16, bool)   {}
