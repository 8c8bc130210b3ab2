package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
)

// pumpSegment asks for the next link of a track's chain: key, initialization
// section, segment.
func (p *Player) pumpSegment(tr Track, t *track) {
	if p.segmentDue(tr, t) > p.now {
		return
	}
	if tr == MainTrack {
		if l := p.chooseLevel(); l != int(t.level) {
			p.setLevel(l, true, "bandwidth")
			p.pumpLists()
			if l == int(t.level) {
				return
			} // else another playlist is tried out, and this one is played on
		}
	} else if main := &p.main; main.active() && t.end > main.end+p.segmentDuration()/2 && !p.inTurn {
		return // audio stays with the video
	}
	if t.scheduled <= p.now && p.clock().first(p, t) {
		if t.listAt == Never && p.flight(tr, m3u8.KindMedia) == nil {
			t.reloadAt(p.now)
			p.pumpList(tr, t)
		}
		return
	}
	if tr == MainTrack && t.tries[1] > 0 && p.startsAnew() {
		p.joinAt(t)
	}
	s := p.next(t)
	if s == nil {
		p.exhausted(tr, t)
		return
	}
	if f := p.awaited(t, s); f != nil && !t.needsKey(s) && !t.needsInit(s) {
		p.promote(f)
		return
	}
	if s.Gap && !p.cfg.Profile.Gap.Is.loads() {
		if p.avoid(tr, t, s) {
			return
		}
		p.skip(t, s)
		p.pumpSegment(tr, t)
		return
	}
	if t.needsKey(s) && p.keyComes(tr, t, s.Keys[0].URL) {
		return
	}
	due := p.now
	switch {
	case t.needsKey(s):
		f := p.fetch(m3u8.KindKey, tr, t.rendition, s.Keys[0].URL, nil, due)
		f.seg = s
	case t.needsInit(s):
		f := p.fetch(m3u8.KindInit, tr, t.rendition, s.Map.URL, s.Map.ByteRange, due)
		f.seg = s
		if p.loader().initBeside() && p.prefetched(tr) == nil {
			p.fetchSegment(tr, t, s).ahead = true
		}
	default:
		p.fetchSegment(tr, t, s)
	}
}

func (p *Player) fetchSegment(tr Track, t *track, s *m3u8.Segment) *flight {
	f := p.fetch(m3u8.KindSegment, tr, t.rendition, s.URL, s.ByteRange, p.now)
	f.seg, f.start = s, t.base+s.Start
	f.look = later(p.now, p.abandoner().first(s.Duration))
	return f
}

// keyComes takes over a key that another track has loaded. It reports whether that
// one is still loading it.
func (p *Player) keyComes(tr Track, t *track, url string) bool {
	if p.cfg.Profile.HTTP.KeyPerTrack {
		return false
	}
	for i := range p.tracks() {
		o := p.track(i)
		if i == tr || !o.active() {
			continue
		}
		if o.uses().key == url {
			u := t.uses()
			u.key = url
			t.use(u)
			return false
		}
		if f := p.flight(i, m3u8.KindKey); f != nil && f.seg.Keys[0].URL == url {
			return true
		}
	}
	return false
}

// needsKey reports whether a segment's key was not the last one loaded.
func (t *track) needsKey(s *m3u8.Segment) bool {
	return len(s.Keys) > 0 && s.Keys[0].Method == "AES-128" && s.Keys[0].URL != t.uses().key
}

// needsInit reports whether a segment's initialization section was not the last
// one loaded.
func (t *track) needsInit(s *m3u8.Segment) bool {
	if s.Map == nil {
		return false
	}
	u := t.uses()
	if s.Map.URL != u.init {
		return true
	}
	return s.Map.ByteRange != nil && *s.Map.ByteRange != u.initRange
}

// exhausted is the look for a segment that finds none.
func (p *Player) exhausted(tr Track, t *track) {
	if p.loader().exhausted(p, t) {
		return
	}
	if t.listAt == Never && p.clock().first(p, t) && p.flight(tr, m3u8.KindMedia) == nil {
		t.reloadAt(max(t.scheduled, p.now))
		p.pumpList(tr, t)
	}
}

// awaited is the segment if it was asked for ahead of its turn, or nil. What is
// not going to be played any more is dropped.
func (p *Player) awaited(t *track, s *m3u8.Segment) (found *flight) {
	for i := range p.flights {
		f := &p.flights[i]
		switch {
		case f.id == 0 || !f.ahead || p.track(f.track) != t:
		case f.seg.Sequence == s.Sequence && f.rendition == t.rendition:
			found = f
		case !f.held || f.seg.Sequence < s.Sequence || f.rendition != t.rendition:
			p.drop(f)
		}
	}
	return found
}

// promote makes a prefetched segment the one being loaded: its turn has come.
func (p *Player) promote(f *flight) {
	if !f.held {
		f.ahead = false
		return
	}
	done := *f
	f.id = 0
	var stamp mediatime.Stamp
	if done.stamp != nil {
		stamp = *done.stamp
	}
	p.appendSegment(&done, done.bytes, stamp)
	p.pumpSegment(done.track, p.track(done.track))
}

// roomAt is when the buffer has room for another segment.
func (p *Player) roomAt(t *track) time.Duration {
	if p.state != playing {
		return p.now
	}
	b := &p.cfg.Profile.Buffer
	goal := p.length(&b.Goal, MainTrack)
	if b.Bytes > 0 {
		rate := p.ladder.Levels[p.main.level].Bandwidth
		if rate > 0 {
			goal = max(goal, time.Duration(float64(b.Bytes)*8/float64(rate)*float64(time.Second)))
		}
		if b.Max > 0 {
			goal = min(goal, time.Duration(b.Max))
		}
	}
	over := p.ahead(t) - goal
	if over < 0 {
		return p.now
	}
	tick := max(time.Duration(b.Tick), time.Millisecond)
	return p.now + over/tick*tick + tick
}

// next is the segment after the buffered end, nil if the playlist has none yet.
func (p *Player) next(t *track) *m3u8.Segment {
	m := t.media
	if m == nil || len(m.Segments) == 0 {
		return nil
	}
	at := t.end - t.base
	if !t.filled {
		at -= p.loader().leadIn()
	}
	if t.filled && at < -m.Segments[0].Duration/2 && !p.cfg.Profile.Behind.Is.goesOn() {
		return nil // what follows has left the window
	}
	past := func(s *m3u8.Segment) bool { // nothing of s is worth having
		return s.Start+s.Duration <= at+min(s.Duration/2, 250*time.Millisecond)
	}
	i := len(m.Segments)
	if !past(&m.Segments[i-1]) { // else nothing follows, as most of the time
		// Segments are nearly equal in length, so the first guess is close.
		if i = 0; m.Duration > 0 && at > 0 {
			i = min(int(float64(at)/float64(m.Duration)*float64(len(m.Segments))), len(m.Segments)-1)
		}
		for i > 0 && !past(&m.Segments[i-1]) {
			i--
		}
		for past(&m.Segments[i]) {
			i++
		}
	}
	if p.repeatsJoint(t, i < len(m.Segments)) && i > 0 && m.Segments[i-1].Start+m.Segments[i-1].Duration > at-touching {
		i--
	}
	// Nothing is led in by what is missing.
	for i < len(m.Segments) && m.Segments[i].Gap && m.Segments[i].Start+m.Segments[i].Duration <= t.end-t.base {
		i++
	}
	if i == len(m.Segments) {
		return nil
	}
	return &m.Segments[i]
}

// repeatsJoint reports whether the last segment in the buffer is loaded again
// from another rendition (hls.js fragment-finders findFragmentByPTS). When
// bandwidth chose it and the window has passed the position that loading began
// at, the next segment is found by date-time, and the last one is loaded again
// only if nothing follows (base-stream-controller getInitialLiveFragment).
func (p *Player) repeatsJoint(t *track, follows bool) bool {
	return t.joint != noJoint && t == &p.main && t.filled && !t.repeated && p.loader().repeatJoint() &&
		(p.audio == nil || !p.audio.active()) && (t.joint == errorJoint || p.began >= t.base || !follows)
}
