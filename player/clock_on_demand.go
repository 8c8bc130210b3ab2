package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// ClockOnDemand loads a playlist only when a segment is wanted (FFmpeg read_data); the
// intervals are minima.
type ClockOnDemand struct {
	ownClock  `yaml:"-"`
	Changed   units.Span `yaml:"changed"`   // until the next reload, when this one brought something new
	Unchanged units.Span `yaml:"unchanged"` // until the next reload, when it did not
}

func (c *ClockOnDemand) Limits(l *policy.Limits) { limitIntervals(l, &c.Changed, &c.Unchanged) }

func (c *ClockOnDemand) interval(news bool) units.Span {
	if news {
		return c.Changed
	}
	return c.Unchanged
}

func (c *ClockOnDemand) schedule(p *Player, f flight, t *track, news bool) {
	if t.reloadAt(Never); !t.live() {
		return
	}
	// A player that has nothing left asks at the shorter interval until something comes.
	if p.state == stalled && p.ahead(t) == 0 || p.survey != nil && p.survey.passes > 0 {
		news = false
	}
	t.scheduled = p.now + p.reloadIn(f, t, news)
}

func (c *ClockOnDemand) first(p *Player, t *track) bool { return t.live() }
