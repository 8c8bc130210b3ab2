package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// clockSteady measures from when the previous request was due, without drift.
type clockSteady struct {
	intervals `yaml:",inline"`
	// NearEdge replaces Changed by the last segment's duration, when that is shorter,
	// while the playhead is within this distance of the edge; 0 = never.
	NearEdge units.Span `yaml:"near_edge"`
	// Overdue gives each playlist a clock of its own, which goes on while another
	// one is loaded: coming back to it finds a reload overdue and loads it twice in a
	// row (hls.js level-helper mergeDetails).
	Overdue bool `yaml:"overdue"`
	// Insist retries a failed first playlist of a level at the next look for segments
	// (see buffer.tick) instead of after the retry delay (hls.js 1.5 level-controller
	// set level).
	Insist bool `yaml:"insist"`
}

func (c *clockSteady) Limits(l *policy.Limits) {
	c.intervals.Limits(l)
	l.Span("near_edge", &c.NearEdge, 0, time.Hour)
}

func (c *clockSteady) chosen(p *Player, tr Track, t *track, at time.Duration) {
	c.ownClock.chosen(p, tr, t, at)
	// Switches within a target duration do not leave the clock behind.
	if to := t.rendition; c.Overdue && to < 64 && p.visited&(1<<to) != 0 && p.now-p.switched > p.targetDuration(MainTrack) {
		t.scheduled = 0
	}
}

func (c *clockSteady) schedule(p *Player, l load, t *track, news bool) {
	if !t.live() {
		t.reloadAt(Never)
		return
	}
	wait := p.interval(l.track, t, c.interval(news))
	if last := p.interval(l.track, t, units.Span{Last: 1}); news && last < wait && last > 0 {
		if near := p.interval(l.track, t, c.NearEdge); near > 0 && t.base+t.media.Duration-p.position(p.now) < near {
			wait = last
		}
	}
	if t.scheduled < 0 {
		t.scheduled = l.sent
	}
	t.scheduled = max(t.scheduled+max(wait, minReload), p.now)
	t.reloadAt(t.scheduled)
}

func (c *clockSteady) retry(p *Player, f *flight) time.Duration {
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
