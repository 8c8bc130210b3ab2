package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// penaltyRendition gives up the rendition that failed, with every level that it
// belongs to (Shaka Player disableStream).
type penaltyRendition struct {
	For units.Duration `yaml:"for"` // how long it is not chosen again; "never" = for ever
}

func (c *penaltyRendition) Limits(l *policy.Limits) { l.Duration("for", &c.For, 0, Never) }

func (c *penaltyRendition) lasts() units.Duration       { return c.For }
func (*penaltyRendition) of(_ *Player, f *flight) int16 { return f.rendition }
func (*penaltyRendition) sound() bool                   { return true }
func (*penaltyRendition) blames() bool                  { return false }
func (*penaltyRendition) chosen(*Player, int16, bool)   {}
