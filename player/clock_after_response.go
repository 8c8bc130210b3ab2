package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// ClockAfterResponse measures from the end of the previous answer.
type ClockAfterResponse struct {
	ownClock  `yaml:"-"`
	Changed   units.Span `yaml:"changed"`   // until the next reload, when this one brought something new
	Unchanged units.Span `yaml:"unchanged"` // until the next reload, when it did not
	// AudioAfter asks for another audio playlist only once the video's is there
	// (video.js media-groups onGroupChanged).
	AudioAfter bool `yaml:"audio_after"`
}

func (c *ClockAfterResponse) Limits(l *policy.Limits) { limitIntervals(l, &c.Changed, &c.Unchanged) }

func (c *ClockAfterResponse) interval(news bool) units.Span {
	if news {
		return c.Changed
	}
	return c.Unchanged
}

func (c *ClockAfterResponse) chosen(p *Player, tr Track, t *track, at time.Duration) {
	if c.AudioAfter && tr == AudioTrack && !p.main.listed() {
		at = Never
	}
	c.ownClock.chosen(p, tr, t, at)
}

func (c *ClockAfterResponse) schedule(p *Player, f flight, t *track, news bool) {
	if !t.live() {
		t.reloadAt(Never)
		return
	}
	t.reloadAt(p.now + p.reloadIn(f, t, news))
}
