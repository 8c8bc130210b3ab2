package player

import (
	"time"

	"hlsload/player/estimate"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
)

// trackState is where a track stands. A recovery that is delayed holds it up in any
// of them.
type trackState uint8

const (
	absent    trackState = iota // there is no such media, or not yet
	wanted                      // a playlist was chosen and is not there yet
	current                     // its playlist is there: the next segment is asked for
	waiting                     // the next segment waits for a reload
	exhausted                   // everything listed was loaded at segAt; a player that looks for segments from time to time has yet to see more
)

// track is one kind of media: what is wanted, known and buffered of it.
type track struct {
	state         trackState
	filled        bool     // something was appended since the join or the last seek
	evidenceSent  bool     // the current staleness was recorded as evidence
	retryUntilDry uint8    // failures in a row of the fetch at hand that end a session that has run dry; 0 = no number does
	stalePending  bool     // the current staleness ends the patience of a dry player
	repeated      bool     // the last segment appended was in the buffer before
	numbersLower  bool     // the last answer had lower numbers than all known, which ends a dry player
	placeGuessed  bool     // where media lies was not seen by a timestamp of it yet
	joint         joint    // the next segment is the first one of this rendition
	tries         [2]uint8 // failed fetches of the URL at hand: of the playlist, of the segment chain
	level         int16    // main track
	rendition     int16    // wanted; -1 = none
	shown         int16    // of the last segment appended
	mediaOf       int16    // that media is of
	misses        int32    // unchanged reloads in a row

	media     *m3u8.Media
	base      time.Duration  // media time of media.Segments[0]
	changedAt time.Duration  // when it last changed
	loadedAt  time.Duration  // when it was last loaded
	scheduled time.Duration  // the reload clock; -1 = starts with the next load
	load      *estimate.EWMA // duration of loads, in seconds; nil until a clock wants it
	loadTook  time.Duration  // of the last load

	listAt time.Duration // when the playlist is due; Never = not
	segAt  time.Duration // the segment chain is not asked for before

	end   time.Duration // buffered end
	hole  span          // media that is missing before it; zero = none
	using *using        // nil until there is something
	clock clock         // of the timestamps of its segments

	delayed *delayed // a recovery that begins after a pause; nil = none
}

// joint is between the segments of two renditions, by what made the switch.
type joint uint8

const (
	noJoint joint = iota
	errorJoint
	choiceJoint // of bandwidth
)

// using is what segments of a track are decoded with.
type using struct {
	init      string // URL of the initialization section
	initRange m3u8.Range
	scales    mediatime.Scales // of the initialization section
	key       string           // URL of the key
}

// uses is what the track's segments are decoded with.
func (t *track) uses() using {
	if t.using == nil {
		return using{}
	}
	return *t.using
}

// use notes that something of it was loaded.
func (t *track) use(u using) { t.using = &u }

// live reports whether the playlist may still change.
func (t *track) live() bool {
	return t.media == nil || !t.media.EndList && t.media.Type != "VOD"
}

// active reports whether there is such media.
func (t *track) active() bool { return t.state != absent }

// listed reports whether the playlist of the rendition is there.
func (t *track) listed() bool { return t.state >= current }

// want is the transition to a rendition whose playlist is not there yet.
func (t *track) want(rendition int16) { t.rendition, t.state = rendition, wanted }

// idle is the transition to a track whose playlist is not asked for before the
// position moves.
func (t *track) idle() {
	if t.active() {
		t.state, t.tries = wanted, [2]uint8{}
		t.reloadAt(Never)
	}
}

// loaded is the transition after a playlist arrived: more is listed, unless it
// brought no news.
func (t *track) loaded(news bool) {
	if news || t.state != exhausted {
		t.state = current
	}
}

// wait is the transition to a segment that is asked for after a reload.
func (t *track) wait() { t.state = waiting }

// exhaust is the transition after everything listed was loaded.
func (t *track) exhaust(now time.Duration) { t.state, t.segAt = exhausted, now }

// delay has a recovery begin later.
func (t *track) delay(d *delayed) { t.delayed = d }

// reloadAt sets when the playlist is due; [Never] = not.
func (t *track) reloadAt(at time.Duration) { t.listAt = at }

// reset is the transition to no media.
func (t *track) reset() {
	*t = track{rendition: -1, shown: -1, mediaOf: -1, scheduled: -1, listAt: Never, end: 0}
}

// setRendition is the transition of one track to another media playlist.
func (p *Player) setRendition(tr Track, to int16, abr bool, reason string) {
	t := p.track(tr)
	if t.active() && t.rendition == to {
		return
	}
	if t.active() {
		p.note(&Sample{Type: Switched, Track: tr, Abr: abr, Reason: reason,
			FromRendition: t.rendition, FromPipeline: p.pipelineOf(int(t.rendition)),
			Rendition: to, Pipeline: p.pipelineOf(int(to))})
		if t.listed() && t.rendition < 64 {
			p.visited |= 1 << t.rendition
		}
		p.clock().leave(p, tr, t)
		if f := p.flight(tr, m3u8.KindMedia); f != nil {
			p.drop(f)
		}
		p.dropSegment(tr)
	} else {
		t.end = p.position(p.now)
	}
	next := p.noticed(t)
	t.want(to)
	t.joint = errorJoint
	if abr {
		t.joint = choiceJoint
	}
	t.segAt, t.delayed = min(t.segAt, p.now), t.delayed.leave(to)
	t.misses, t.evidenceSent, t.stalePending, t.numbersLower, t.retryUntilDry, t.tries = 0, false, false, false, 0, [2]uint8{}
	p.clock().chosen(p, tr, t, next)
}

// noticed is when a change of rendition is acted on: a player that has loaded
// everything listed sees it when it looks for segments again.
func (p *Player) noticed(t *track) time.Duration {
	if t.state == exhausted {
		return p.loader().look(p, t)
	}
	return p.now
}
