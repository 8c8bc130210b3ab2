package player

import (
	"time"

	"hlsload/player/m3u8"
)

// touching is how far apart two segments may be without leaving a hole: the
// tolerance of browsers at segment joints (hls.js maxBufferHole).
const touching = 100 * time.Millisecond

// position is the media time shown at now.
func (p *Player) position(now time.Duration) time.Duration {
	if p.state == playing {
		return p.anchor + p.played(now-p.anchorAt)
	}
	return p.anchor
}

// played is how much media is shown in a stretch of time, lasts its inverse.
func (p *Player) played(d time.Duration) time.Duration {
	if p.rate == 0 {
		return d
	}
	return d + time.Duration(float64(p.rate)*float64(d))
}

func (p *Player) lasts(media time.Duration) time.Duration {
	if p.rate == 0 {
		return media
	}
	return time.Duration(float64(media) / (1 + float64(p.rate)))
}

// bufferedEnd is how far every active track is buffered, but for those that
// playback does without; Never before any is.
func (p *Player) bufferedEnd() time.Duration {
	end := Never
	for i := range p.tracks() {
		if t := p.track(i); t.active() && !p.without(t) {
			end = min(end, t.end)
		}
	}
	return end
}

// reach is how far all tracks can be played, but for those that playback does
// without; Never before any can.
func (p *Player) reach() time.Duration {
	end := p.reachOf(&p.main)
	if p.audio != nil {
		end = min(end, p.reachOf(p.audio))
	}
	return end
}

// reachOf is reach for one track, holes passed over: one that nothing follows yet is
// the end.
func (p *Player) reachOf(t *track) time.Duration {
	switch h := t.hole; {
	case !t.active() || p.without(t):
		return Never
	case !h.empty() && t.end <= h.to:
		return h.from
	}
	return t.end
}

// early is how long before the end of what is buffered playback stands.
func (p *Player) early() time.Duration { return time.Duration(p.cfg.Profile.Stall.Early) }

// without reports whether playback goes on without a track (stepWhileOthers).
func (p *Player) without(t *track) bool { return t.retryUntilDry > 0 && p.inTurn }

// limit is the media time at which playback must stand: the next hole or the
// end of the buffer.
func (p *Player) limit() time.Duration {
	end := p.reach()
	if end != Never && !p.lastAppended() {
		end -= p.early()
	}
	if p.holes() {
		if h := p.hole(); !h.empty() {
			end = min(end, h.from)
		}
	}
	if p.inTurn {
		b := p.loader().patience()
		for i := range p.flights {
			if f := &p.flights[i]; f.id != 0 && f.firstByte == 0 && !f.waits {
				pos := p.position(p.now)
				end = min(end, max(pos, pos+f.sent+b-p.now))
			}
		}
	}
	return end
}

// ahead is how much media of a track can be played from here.
func (p *Player) ahead(t *track) time.Duration {
	pos := p.position(p.now)
	a := t.end - pos
	if p.holes() {
		a -= p.missing(t, pos)
	}
	return max(a, 0)
}

// missing is how much a track lacks of what is between a position and its end.
func (p *Player) missing(t *track, pos time.Duration) time.Duration {
	h := t.hole
	if !p.inTurn {
		if h = p.hole(); h.from < pos {
			return 0
		}
	}
	if h.from = max(h.from, pos); h.empty() || h.to > t.end {
		return 0
	}
	return h.to - h.from
}

// buffered reports whether every active track has media at the position.
func (p *Player) buffered() bool {
	any := false
	for i := range p.tracks() {
		t := p.track(i)
		if t.active() && !t.filled {
			return false
		}
		any = any || t.active()
	}
	return any
}

// runsDry is when a player that plays must stand, if nothing else happens before; Never
// if it does not know yet.
func (p *Player) runsDry() time.Duration {
	if p.dry == noDry {
		p.dry = Never
		if l := p.limit(); l != Never {
			p.dry = p.anchorAt + p.lasts(l-p.anchor)
		}
	}
	return p.dry
}

// play brings playback up to now.
func (p *Player) play(now time.Duration) {
	if p.state != playing {
		return
	}
	dry := max(p.runsDry(), p.now) // what came to an end at p.now did not before
	if now < dry {
		return
	}
	p.anchor, p.anchorAt = p.limit(), dry
	p.now = max(p.now, dry)
	if p.finished() {
		p.finish(Ended, "")
		return
	}
	p.stall(dry)
}

// finished reports whether the position is the end of a finished presentation.
func (p *Player) finished() bool {
	for i := range p.tracks() {
		t := p.track(i)
		if t.active() && (t.media == nil || !t.media.EndList || t.end < t.base+t.media.Duration-touching) {
			return false
		}
	}
	return p.bufferedEnd() <= p.anchor+touching
}

// tryPlay starts or resumes playback if enough is buffered.
func (p *Player) tryPlay() {
	if p.state != loading && p.state != stalled || !p.buffered() || p.survey != nil && p.survey.probes == nil {
		return
	}
	if p.state == stalled && p.offClock() {
		return
	}
	s := &p.cfg.Profile.Startup
	span := s.Buffer
	if p.state == stalled {
		span = s.Resume
	}
	var need time.Duration
	if !span.Zero() {
		need = p.length(&span, MainTrack)
		if s.Cap > 0 && p.main.media != nil && p.main.live() {
			need = min(need, time.Duration(s.Cap*float64(p.holdBack(&p.main))))
		}
	}
	if h := p.hole(); !h.empty() && p.anchor >= h.from {
		return // waits for the jump
	}
	ahead := p.limit() - p.anchor
	if ahead <= 0 || ahead < need && !p.lastAppended() {
		return
	}
	if p.state == stalled {
		p.resume()
		return
	}
	if p.start == 0 {
		p.start = p.now + time.Duration(s.Prepare)
	}
	if p.now >= p.start {
		p.begin()
	}
}

// offClock passes over what a player that goes by a clock has missed. It reports whether
// more was missed, or what is buffered is not due yet.
func (p *Player) offClock() bool {
	if !p.cfg.Profile.Live.RealTime {
		return false
	}
	if d := min(p.limit()-p.anchor, p.now-p.anchorAt); d > 0 {
		p.anchor, p.anchorAt = p.anchor+d, p.anchorAt+d
	}
	return p.anchorAt != p.now
}

// jump moves the position of a player that stands. Its clock is that of the
// media, so what is left out is not missed.
func (p *Player) jump(to time.Duration) {
	p.anchorAt += to - p.anchor
	p.anchor = to
	p.passHoles()
}

// lastAppended reports whether nothing more will come, so that a short end is played.
func (p *Player) lastAppended() bool {
	t := &p.main
	return t.media != nil && t.media.EndList && t.end >= t.base+t.media.Duration-touching
}

// playWake is when playback wants attention: it runs dry, a hole is to be
// jumped, or the viewer has stood still for too long.
func (p *Player) playWake() time.Duration {
	switch p.state {
	case loading:
		if p.ladder != nil && p.start > 0 {
			return max(p.start, p.now)
		}
	case playing:
		return p.runsDry()
	case stalled:
		at := Never
		if p.atHole() {
			at = p.since + time.Duration(p.cfg.Profile.Stall.JumpAfter)
		}
		if p.cfg.Profile.Live.RealTime && p.anchorAt > p.now && p.limit() > p.anchor {
			at = min(at, p.anchorAt)
		}
		if f := p.cfg.Profile.Stall.FatalAfter; f > 0 && time.Duration(f) != Never {
			at = min(at, p.since+time.Duration(f))
		}
		return max(at, p.now)
	}
	return Never
}

// standing deals with a stall that has lasted: jumps a hole, or gives up.
func (p *Player) standing() {
	if p.state == loading && p.ladder != nil && p.start > 0 && p.now >= p.start {
		if p.tryPlay(); p.state == loading {
			p.start = 0 // what was there has gone
		}
	}
	if p.state != stalled {
		return
	}
	s := &p.cfg.Profile.Stall
	if s.FatalAfter > 0 && time.Duration(s.FatalAfter) != Never && p.now-p.since >= time.Duration(s.FatalAfter) {
		p.finish(Fatal, "stalled for "+time.Duration(s.FatalAfter).String())
		return
	}
	if p.atHole() && p.now-p.since >= time.Duration(s.JumpAfter) {
		p.jump(p.hole().to)
		if p.finished() {
			p.finish(Ended, "") // nothing follows
			return
		}
		p.tryPlay()
	} else if p.inTurn {
		p.tryPlay() // an answer may just have begun
	}
}

// atHole reports whether playback stands before a hole to be jumped. A player
// that reads everything itself sees holes only once there is more behind them.
func (p *Player) atHole() bool {
	h := p.hole()
	return !h.empty() && p.anchor >= h.from && (!p.inTurn || p.reach() > h.from)
}

// holes reports whether any track has a hole. Nearly always, none has.
func (p *Player) holes() bool {
	return !p.main.hole.empty() || p.audio != nil && !p.audio.hole.empty()
}

// hole is what playback cannot pass: where a track has no media. A player that
// reads everything in one thread plays what the other tracks have; only what all
// of them lack holds it up.
func (p *Player) hole() span {
	all, first := span{}, true
	if !p.holes() {
		return all
	}
	for i := range p.tracks() {
		t := p.track(i)
		switch h := t.hole; {
		case !t.active() || p.without(t):
		case first:
			all, first = h, false
		case p.inTurn:
			all = span{max(all.from, h.from), min(all.to, h.to)}
		case all.empty():
			all = h
		case !h.empty():
			all = span{min(all.from, h.from), max(all.to, h.to)}
		}
	}
	return all
}

// addHole records that a track misses the media from its buffered end on. One hole
// is kept; a second one before the first was reached extends it.
func (p *Player) addHole(t *track, to time.Duration) {
	pos := p.position(p.now)
	from := max(t.end, pos)
	if from >= to {
		return
	}
	passed := p.inTurn && t.hole.from <= pos && t.end > t.hole.to
	if h := t.hole; !h.empty() && !passed {
		from, to = min(h.from, from), max(h.to, to)
	}
	t.hole = span{from, to}
}

// passHoles forgets the holes that the position has passed.
func (p *Player) passHoles() {
	for i := range p.tracks() {
		if t := p.track(i); t.hole.to <= p.anchor {
			t.hole = span{}
		}
	}
}

// goesOn reports whether playback can go on without what a track misses.
func (p *Player) goesOn(t *track) bool {
	for i := range p.tracks() {
		if other := p.track(i); other != t && other.active() && !p.without(other) {
			return p.inTurn
		}
	}
	return false
}

// seek moves the position; everything buffered is dropped.
func (p *Player) seek(to time.Duration) {
	p.jump(to)
	if p.state == playing {
		p.anchorAt = p.now
	}
	for i := range p.tracks() {
		t := p.track(i)
		if t.filled && t.state == exhausted {
			t.exhaust(p.now) // clearing the buffer ends with a look for segments
		}
		t.end, t.hole, t.filled = to, span{}, false
		p.dropSegment(i)
		if p.errs.idled && t.active() && !t.listed() && t.listAt == Never && p.flight(i, m3u8.KindMedia) == nil {
			t.reloadAt(p.now)
		}
	}
	if p.state == playing {
		p.stall(p.now)
	}
}
