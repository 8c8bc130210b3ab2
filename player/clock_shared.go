package player

import (
	"time"

	"hlsload/player/estimate"
	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// clockShared loads all active playlists on one clock, which starts again when the
// last of them has arrived and goes on through changes of level (Shaka hls_parser
// updateManifest_).
type clockShared struct {
	ownClock `yaml:"-"`
	Every    units.Span `yaml:"every"` // from a load to the next one, whether it brought news or not
	// MinusLoad subtracts the smoothed duration of a load (EWMA, half-life in
	// loads); 0 = not.
	MinusLoad float64 `yaml:"minus_load"`
	// AfterError is the time from a failed reload to the next one of what is
	// played then.
	AfterError units.Duration `yaml:"after_error"`
}

func (c *clockShared) Limits(l *policy.Limits) {
	l.Span("every", &c.Every, time.Millisecond, time.Hour)
	policy.Within(l, "minus_load", &c.MinusLoad, 0, 1000)
	l.Duration("after_error", &c.AfterError, time.Millisecond, time.Hour)
}

func (c *clockShared) interval(bool) units.Span { return c.Every }

// leave keeps a reload that is under way: it is brought to an end.
func (c *clockShared) leave(p *Player, tr Track, t *track) {
	p.orphan(tr, t, time.Duration(c.AfterError))
}

func (*clockShared) chosen(_ *Player, _ Track, t *track, at time.Duration) { t.reloadAt(at) }

func (c *clockShared) took(t *track, d time.Duration) {
	if c.MinusLoad > 0 {
		if t.load == nil {
			t.load = new(estimate.EWMA)
		}
		t.load.Add(c.MinusLoad, 1, d.Seconds())
	}
}

// schedule sets the clock from when the last of the playlists has arrived. A playlist
// loaded in between, because of a change of level, leaves it as it is; what came due
// meanwhile found nothing to reload.
func (c *clockShared) schedule(p *Player, l load, t *track, _ bool) {
	wait := c.wait(p, l.track, t)
	main := &p.main
	if main.scheduled > 0 && !l.update {
		for main.scheduled <= p.now {
			main.scheduled += wait
		}
	}
	if main.scheduled > p.now {
		t.reloadWithOthers(main.scheduled)
		return
	}
	for i := range p.tracks() {
		if o := p.track(i); o != t && o.active() && (p.flight(i, m3u8.KindMedia) != nil || !o.listed() || o.tries[0] > 0) {
			t.reloadAt(Never)
			return
		}
	}
	main.scheduled = p.now + wait
	for i := range p.tracks() {
		if o := p.track(i); o.active() {
			o.reloadWithOthers(main.scheduled)
		}
	}
}

// wait goes by the shortest last segment of all tracks.
func (c *clockShared) wait(p *Player, tr Track, t *track) time.Duration {
	target := p.targetDuration(tr)
	last := target
	if len(t.media.Segments) > 0 {
		last = lastDuration(t.media)
	}
	for i := range p.tracks() {
		if o := p.track(i); o.active() && o.media != nil && len(o.media.Segments) > 0 {
			last = min(last, lastDuration(o.media))
		}
	}
	wait := c.Every.Of(target, last)
	if t.load != nil {
		wait -= time.Duration(t.load.Get(c.MinusLoad) * float64(time.Second))
	}
	return max(wait, minReload)
}

// reloadWithOthers is reloadAt for this clock: what has ended leaves it to the others.
func (t *track) reloadWithOthers(at time.Duration) {
	if !t.live() {
		at = Never
	}
	t.reloadAt(at)
}

func (*clockShared) aside(p *Player, t *track, at time.Duration) {
	t.reloadAt(at)
	p.main.scheduled = at
}

func (c *clockShared) fallback(p *Player) {
	if p.main.scheduled >= 0 {
		p.main.scheduled = p.now + time.Duration(c.AfterError)
	}
}

// probed moves the clock by as long as the look took.
func (*clockShared) probed(p *Player) {
	main := &p.main
	if main.scheduled <= 0 || main.listAt != main.scheduled {
		return
	}
	main.scheduled += p.now - main.loadedAt
	for i := range p.tracks() {
		if o := p.track(i); o.active() && o.listAt != Never {
			o.reloadAt(main.scheduled)
		}
	}
}
