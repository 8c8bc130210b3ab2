package rig

import (
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

// stream is what one pipeline wrote of one rendition: a function of the
// channel, its faults and now. It replays the encoder's writes, and the
// invalidator's deletions that follow from them, up to the instant asked for.
type stream struct {
	c                   *Channel
	pipeline, rendition int
	f                   faults

	last  time.Duration // the last event replayed
	wake  time.Duration // nothing happens before
	next  int64         // index of the next segment to be written or lost
	base  int64         // sequence number = index - base
	era   uint64        // restarts so far: the discontinuity sequence
	bound int           // next of f.bounds

	kept     []listed   // segments at the origin, oldest first
	list     []listed   // what the encoder lists, growing; versions share it
	versions []*version // playlists that were stored, oldest first
	broken   bool       // a segment was lost: the next list starts afresh
	restart  bool       // and so do the numbers

	exists  bool        // the media playlist is there
	deleted chaos.Marks // who deleted it; 0 = the invalidator
	missed  chaos.Marks // who kept newer versions away since the last one stored
	put     put         // last write that the store accepted, stored or not
	checks  []check     // of the invalidator, by time
}

// listed is a segment that was written.
type listed struct {
	index    int64
	sequence uint64
	at       time.Duration
	filler   chaos.Marks // faults that made it filler
}

// version is one stored media playlist.
type version struct {
	at       time.Duration
	era      uint64
	segments []listed
	plain    *Object // made when first asked for
	ended    *Object // the same with EXT-X-ENDLIST
}

func newStream(c *Channel, pipeline, rendition int) *stream {
	s := &stream{c: c, pipeline: pipeline, rendition: rendition}
	s.reset()
	return s
}

// reset goes back to before the oldest segment that is kept at the start of
// the run.
func (s *stream) reset() {
	first := s.c.clock.latest(0) - int64(s.c.cfg.Keep+s.c.cfg.Window)
	*s = stream{c: s.c, pipeline: s.pipeline, rendition: s.rendition, f: s.c.compile(s),
		next: first, base: first - 1, last: s.c.clock.end(first) - 1}
	s.wake = s.upcoming()
}

// upcoming is the instant of the next event.
func (s *stream) upcoming() time.Duration {
	t := s.due(s.next)
	if s.bound < len(s.f.bounds) {
		t = min(t, s.f.bounds[s.bound].at)
	}
	if len(s.checks) > 0 {
		t = min(t, s.postponed(s.checks[0].at))
	}
	return t
}

// run replays up to now.
func (s *stream) run(now time.Duration) {
	for s.wake <= now {
		t := s.wake
		s.last = t
		switch {
		case s.bound < len(s.f.bounds) && s.f.bounds[s.bound].at <= t:
			s.exists, s.deleted = false, s.f.bounds[s.bound].mark
			s.bound++
		case s.due(s.next) <= t:
			s.write(t)
		default:
			s.check(t)
		}
		s.wake = s.upcoming()
	}
}

// write is the encoder's turn: the next segment is complete at t.
func (s *stream) write(t time.Duration) {
	j := s.next
	s.next++
	if m, restart := s.lost(j); m != 0 {
		s.missed |= m
		s.broken, s.restart = true, s.restart || restart
		return
	}
	if s.broken {
		s.list = nil
		if s.restart {
			s.base = j - 1
			s.era++
		}
		s.broken, s.restart = false, false
	}
	seg := listed{index: j, sequence: uint64(j - s.base), at: t}
	for i := range s.f.filler {
		if w := &s.f.filler[i]; w.from < s.c.clock.end(j) && s.c.clock.start(j) < w.to {
			seg.filler |= w.mark()
		}
	}
	s.kept = appendLast(s.kept, seg, s.c.cfg.Keep)
	s.list = append(s.list, seg)

	s.put = put{at: t, number: s.put.number + 1}
	s.arm()
	switch frozen, gone := marksAt(s.f.freeze, t), marksAt(s.f.del, t); {
	case frozen != 0:
		s.missed |= frozen
		return
	case s.removedThroughout(t):
		s.exists, s.deleted, s.missed = false, gone, 0
		return
	}
	n := s.c.cfg.Window
	if len(s.list) > 8*n {
		s.list = append(make([]listed, 0, 9*n), s.list[len(s.list)-n:]...)
	}
	list := s.list[max(0, len(s.list)-n):len(s.list):len(s.list)]
	s.versions = appendLast(s.versions, &version{at: t, era: s.era, segments: list}, s.c.cfg.Keep)
	s.exists, s.deleted, s.missed = true, 0, 0
}

// removedThroughout tells whether a playlist.delete takes away at once what is
// written at t; with `once` the write heals it.
func (s *stream) removedThroughout(t time.Duration) bool {
	for i := range s.f.del {
		if w := &s.f.del[i]; w.holds(t) && !w.fault.Once {
			return true
		}
	}
	return false
}

// appendLast appends and drops the oldest beyond n.
func appendLast[T any](s []T, v T, n int) []T {
	if len(s) < n {
		return append(s, v)
	}
	if len(s) > n {
		s = s[len(s)-n:]
	}
	if n == 0 {
		return s
	}
	copy(s, s[1:])
	s[len(s)-1] = v
	return s
}

// look is what the origin holds under a name.
type look struct {
	object   *Object // nil = no such key
	marks    chaos.Marks
	truncate bool // the answer ends halfway
}

// playlist is the media playlist at now. It must have been run up to now.
func (s *stream) playlist(now time.Duration) look {
	m := s.missed | s.overdue(now)
	if !s.exists || len(s.versions) == 0 {
		return look{marks: m | s.deleted}
	}
	at, ended := len(s.versions)-1, false
	for i := range s.f.rollback {
		if w := &s.f.rollback[i]; w.holds(now) {
			at = min(at, max(0, len(s.versions)-1-w.fault.Segments))
			m |= w.mark()
		}
	}
	if e := marksAt(s.f.endlist, now); e != 0 {
		m |= e
		ended = true
	}
	return look{object: s.c.playlistObject(s, s.versions[at], ended), marks: m}
}

// overdue are the faults that hold back the segments that are due at now and
// were neither written nor lost yet.
func (s *stream) overdue(now time.Duration) chaos.Marks {
	var m chaos.Marks
	for j, n := s.next, 0; s.c.clock.end(j) <= now && n < MaxKeep; j, n = j+1, n+1 {
		m |= s.why(j, now)
	}
	return m
}

// segment is the segment with that sequence number at now.
func (s *stream) segment(sequence uint64, now time.Duration) look {
	for i := len(s.kept) - 1; i >= 0; i-- {
		seg := &s.kept[i]
		if seg.sequence != sequence {
			continue
		}
		from, late := s.available(seg.at)
		if now < from {
			return look{marks: late}
		}
		l := s.disturbed(s.c.segmentObject(s, seg, from), now)
		l.marks |= seg.filler
		return l
	}
	// Without faults it would be there if it is due and not yet too old.
	latest := s.c.clock.latest(now)
	if sequence > uint64(latest-s.base) {
		return look{}
	}
	if j := int64(sequence) + s.base; j > latest-int64(s.c.cfg.Keep) {
		return look{marks: s.why(j, now)}
	}
	return look{}
}

// section is the initialization section, which is written once at the start.
func (s *stream) section(now time.Duration) look {
	return s.disturbed(s.c.inits[s.pipeline][s.rendition], now)
}

// disturbed is an object that was written, as segment.missing and
// segment.truncate leave it.
func (s *stream) disturbed(o *Object, now time.Duration) look {
	if m := marksAt(s.f.missing[o.ID.Kind], now); m != 0 {
		return look{marks: m}
	}
	cut := marksAt(s.f.truncate[o.ID.Kind], now)
	return look{object: o, marks: cut, truncate: cut != 0}
}

func (s *stream) id() ID {
	return ID{Kind: m3u8.KindMedia, Pipeline: s.pipeline, Rendition: s.rendition}
}
