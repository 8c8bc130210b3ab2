package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// ClockSteady measures from when the previous request was due, without drift.
type ClockSteady struct {
	ownClock  `yaml:"-"`
	Changed   units.Span `yaml:"changed"`   // until the next reload, when this one brought something new
	Unchanged units.Span `yaml:"unchanged"` // until the next reload, when it did not
	// NearEdge replaces Changed by the last segment's duration, when that is shorter,
	// while the playhead is within this distance of the edge; 0 = never.
	NearEdge units.Span `yaml:"near_edge"`
	// Overdue has each playlist keep a clock of its own, which goes on while another
	// one is loaded: coming back to it finds a reload overdue and loads it twice in a
	// row (hls.js level-helper mergeDetails).
	Overdue bool `yaml:"overdue"`
	// Insist retries a failed first playlist of a level at the next look for segments
	// (see buffer.tick) instead of after the retry delay (hls.js 1.5 level-controller
	// set level).
	Insist bool `yaml:"insist"`
}

func (c *ClockSteady) Limits(l *policy.Limits) { limitIntervals(l, &c.Changed, &c.Unchanged) }

func (c *ClockSteady) interval(news bool) units.Span {
	if news {
		return c.Changed
	}
	return c.Unchanged
}

func (c *ClockSteady) chosen(p *Player, tr Track, t *track, at time.Duration) {
	c.ownClock.chosen(p, tr, t, at)
	// Switches within a target duration do not leave the clock behind.
	if to := t.rendition; c.Overdue && to < 64 && p.visited&(1<<to) != 0 && p.now-p.switched > p.targetDuration(MainTrack) {
		t.scheduled = 0
	}
}

func (c *ClockSteady) schedule(p *Player, f flight, t *track, news bool) {
	if !t.live() {
		t.reloadAt(Never)
		return
	}
	wait := p.interval(f, t, c.interval(news))
	if last := p.interval(f, t, units.Span{Last: 1}); news && last < wait && last > 0 {
		if near := p.interval(f, t, c.NearEdge); near > 0 && t.base+t.media.Duration-p.position(p.now) < near {
			wait = last
		}
	}
	if t.scheduled < 0 {
		t.scheduled = f.sent
	}
	t.scheduled = max(t.scheduled+max(wait, minReload), p.now)
	t.reloadAt(t.scheduled)
}

func (c *ClockSteady) retry(p *Player, f *flight) time.Duration {
	if !c.Insist || f.track != MainTrack || f.rendition >= 64 || p.visited&(1<<f.rendition) != 0 || p.main.listed() {
		return Never
	}
	tick := time.Duration(p.cfg.Profile.Buffer.Tick)
	look := (p.switched/tick + 1) * tick
	if look < p.now {
		return Never
	}
	return look - p.now
}
