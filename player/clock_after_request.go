package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// ClockAfterRequest measures from when the previous request left.
type ClockAfterRequest struct {
	ownClock  `yaml:"-"`
	Changed   units.Span `yaml:"changed"`   // until the next reload, when this one brought something new
	Unchanged units.Span `yaml:"unchanged"` // until the next reload, when it did not
}

func (c *ClockAfterRequest) Limits(l *policy.Limits) { limitIntervals(l, &c.Changed, &c.Unchanged) }

func (c *ClockAfterRequest) interval(news bool) units.Span {
	if news {
		return c.Changed
	}
	return c.Unchanged
}

func (c *ClockAfterRequest) schedule(p *Player, f flight, t *track, news bool) {
	if !t.live() {
		t.reloadAt(Never)
		return
	}
	t.reloadAt(max(f.sent+p.reloadIn(f, t, news), p.now))
}
