package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// Clock is when media playlists are loaded again.
type Clock interface {
	// interval is the time from one load to the next, in the measure of a playlist.
	interval(news bool) units.Span
	// leave takes a track that is about to leave its playlist.
	leave(p *Player, tr Track, t *track)
	// chosen sets the clock of a track whose new rendition is to be loaded at an instant.
	chosen(p *Player, tr Track, t *track, at time.Duration)
	// took takes how long a reload took.
	took(t *track, d time.Duration)
	// schedule sets the clock after a load; news means that it brought something new.
	schedule(p *Player, l load, t *track, news bool)
	// aside sets the clock to an instant, for a playlist that was put aside.
	aside(p *Player, t *track, at time.Duration)
	// fallback takes a failed reload because of which another level was chosen.
	fallback(p *Player)
	// retry is how long the retry of a playlist may wait at most.
	retry(p *Player, f *flight) time.Duration
	// probed ends a look into the first playlist, which held the tracks up.
	probed(p *Player)
	// first reports whether a playlist is loaded before a segment of it is looked for.
	first(p *Player, t *track) bool
}

var _ = policy.Register("clock", policy.Offers[Clock]{
	"steady":         new(clockSteady),
	"after_request":  new(clockAfterRequest),
	"after_response": new(clockAfterResponse),
	"shared":         new(clockShared),
	"on_demand":      new(clockOnDemand),
})

// load is what clocks see of a playlist that was loaded.
type load struct {
	track  Track
	update bool          // one of that rendition was there
	sent   time.Duration // when it was asked for
}

func (f *flight) load() load { return load{f.track, f.update, f.sent} }

func (p *Player) clock() Clock { return p.cfg.Profile.Clock.Is }

// Hurries reports whether a playlist that brought nothing new is loaded again sooner than one that did.
func (p *Profile) Hurries() bool {
	const d = time.Second // of any playlist
	c := p.Clock.Is
	return c.interval(false).Of(d, d) < c.interval(true).Of(d, d)
}

// minReload is the shortest time from one load to the next: a playlist whose segments
// are announced shorter than they are must not make a busy loop.
const minReload = 50 * time.Millisecond

// ownClock is what the clocks have in common that belong to one playlist: they start
// anew with each rendition, and stop when the playlist may not change any more.
type ownClock struct{}

func (ownClock) leave(*Player, Track, *track)                {}
func (ownClock) took(*track, time.Duration)                  {}
func (ownClock) aside(_ *Player, t *track, at time.Duration) { t.reloadAt(at) }
func (ownClock) fallback(*Player)                            {}
func (ownClock) retry(*Player, *flight) time.Duration        { return Never }
func (ownClock) probed(*Player)                              {}
func (ownClock) first(*Player, *track) bool                  { return false }

func (ownClock) chosen(_ *Player, _ Track, t *track, at time.Duration) {
	t.reloadAt(at)
	t.scheduled = -1
}

// intervals are those of such a clock.
type intervals struct {
	ownClock  `yaml:"-"`
	Changed   units.Span `yaml:"changed"`   // until the next reload, when this one brought something new
	Unchanged units.Span `yaml:"unchanged"` // until the next reload, when it did not
}

func (c *intervals) Limits(l *policy.Limits) {
	l.Span("changed", &c.Changed, time.Millisecond, time.Hour)
	l.Span("unchanged", &c.Unchanged, time.Millisecond, time.Hour)
}

func (c *intervals) interval(news bool) units.Span {
	if news {
		return c.Changed
	}
	return c.Unchanged
}

// interval is a span in the measure of a track's playlist.
func (p *Player) interval(tr Track, t *track, s units.Span) time.Duration {
	target := p.targetDuration(tr)
	last := target
	if len(t.media.Segments) > 0 {
		last = lastDuration(t.media)
	}
	return s.Of(target, last)
}

// reloadIn is how long until the reload of a playlist, in its measure and with the
// intervals of the clock.
func (p *Player) reloadIn(tr Track, t *track, news bool) time.Duration {
	return max(p.interval(tr, t, p.clock().interval(news)), minReload)
}

// betweenLoads is the time from one load to the next as the main playlist measures it.
func (p *Player) betweenLoads(news bool) time.Duration {
	return p.clock().interval(news).Of(p.targetDuration(MainTrack), p.segmentDuration())
}
