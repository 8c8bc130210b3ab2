package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// clockAfterResponse measures from the end of the previous answer.
type clockAfterResponse struct {
	intervals `yaml:",inline"`
	// Takes is how long after the answer the interval begins: what the player does with
	// a playlist, and its timers.
	Takes units.Duration `yaml:"takes"`
	// AudioAfter asks for another audio playlist only once the video's is there
	// (video.js media-groups onGroupChanged).
	AudioAfter bool `yaml:"audio_after"`
}

func (c *clockAfterResponse) Limits(l *policy.Limits) {
	c.intervals.Limits(l)
	l.Duration("takes", &c.Takes, 0, time.Second)
}

func (c *clockAfterResponse) chosen(p *Player, tr Track, t *track, at time.Duration) {
	if c.AudioAfter && tr == AudioTrack && !p.main.listed() {
		at = Never
	}
	c.ownClock.chosen(p, tr, t, at)
}

func (c *clockAfterResponse) schedule(p *Player, l load, t *track, news bool) {
	if !t.live() {
		t.reloadAt(Never)
		return
	}
	t.reloadAt(p.now + time.Duration(c.Takes) + p.reloadIn(l.track, t, news))
}
