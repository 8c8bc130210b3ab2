package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// Clock is when media playlists are loaded again.
type Clock interface {
	policy.Limited
	// interval is the time from one load to the next, in the measure of a playlist.
	interval(news bool) units.Span
	// leave takes a track that is about to leave its playlist.
	leave(p *Player, tr Track, t *track)
	// chosen sets the clock of a track whose new rendition is to be loaded at an instant.
	chosen(p *Player, tr Track, t *track, at time.Duration)
	// took takes how long a load took.
	took(f flight, t *track, d time.Duration)
	// schedule sets the clock after a load; news means that it brought something new.
	schedule(p *Player, f flight, t *track, news bool)
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

// Clocks are the ways of reloading.
var Clocks = policy.Register("clock", policy.Offers[Clock]{
	"steady":         new(ClockSteady),
	"after_request":  new(ClockAfterRequest),
	"after_response": new(ClockAfterResponse),
	"shared":         new(ClockShared),
	"on_demand":      new(ClockOnDemand),
})

func (p *Player) clock() Clock { return p.cfg.Profile.Clock.Is }

// minReload is the shortest time from one load to the next: a playlist whose segments
// are announced shorter than they are must not make a busy loop.
const minReload = 50 * time.Millisecond

// ownClock is what the clocks have in common that belong to one playlist: they start
// anew with each rendition, and stop when the playlist may not change any more.
type ownClock struct{}

func (ownClock) leave(*Player, Track, *track) {}

func (ownClock) chosen(_ *Player, _ Track, t *track, at time.Duration) {
	t.reloadAt(at)
	t.scheduled = -1
}

func (ownClock) took(flight, *track, time.Duration) {}

func (ownClock) aside(_ *Player, t *track, at time.Duration) { t.reloadAt(at) }

func (ownClock) fallback(*Player) {}

func (ownClock) retry(*Player, *flight) time.Duration { return Never }

func (ownClock) probed(*Player) {}

func (ownClock) first(*Player, *track) bool { return false }

// limitIntervals takes the two intervals of such a clock.
func limitIntervals(l *policy.Limits, changed, unchanged *units.Span) {
	l.Span("changed", changed, time.Millisecond, time.Hour)
	l.Span("unchanged", unchanged, time.Millisecond, time.Hour)
}

// interval is a span in the measure of a track's playlist.
func (p *Player) interval(f flight, t *track, s units.Span) time.Duration {
	target := p.targetDuration(f.track)
	last := target
	if len(t.media.Segments) > 0 {
		last = lastDuration(t.media)
	}
	return s.Of(target, last)
}

// reloadIn is how long until the reload of a playlist, in its measure and with the
// intervals of the clock.
func (p *Player) reloadIn(f flight, t *track, news bool) time.Duration {
	return max(p.interval(f, t, p.clock().interval(news)), minReload)
}

// betweenLoads is the time from one load to the next as the main playlist measures it.
func (p *Player) betweenLoads(news bool) time.Duration {
	return p.clock().interval(news).Of(p.targetDuration(MainTrack), p.segmentDuration())
}
