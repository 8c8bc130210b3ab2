package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// chooseBuffered takes the highest level that fits in a share of the estimate, but
// goes up only with enough in the buffer, and down only with little.
type chooseBuffered struct {
	choosingWithin `yaml:",inline"`
	UpFrom         units.Duration `yaml:"up_from"`    // media ahead that a step up needs
	DownBelow      units.Duration `yaml:"down_below"` // no step down with more ahead
	// EdgeShare bounds up_from to this share of the media between the playhead and
	// the live edge less a segment.
	EdgeShare float64 `yaml:"edge_share"`
}

func (c *chooseBuffered) Limits(l *policy.Limits) {
	c.choosingWithin.Limits(l)
	l.Duration("up_from", &c.UpFrom, 0, time.Hour)
	l.Duration("down_below", &c.DownBelow, time.Millisecond, time.Hour)
	policy.Within(l, "edge_share", &c.EdgeShare, 0.01, 1)
}

func (c *chooseBuffered) upward(p *Player) bool {
	need := time.Duration(c.UpFrom)
	if t := &p.main; t.media != nil && t.live() {
		edge := t.base + t.media.Duration - p.position(p.now) - p.segmentDuration()
		need = min(need, time.Duration(c.EdgeShare*float64(edge)))
	}
	return p.ahead(&p.main) >= need
}

func (c *chooseBuffered) stays(p *Player) bool { return p.ahead(&p.main) >= time.Duration(c.DownBelow) }
