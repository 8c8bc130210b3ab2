package rig

import (
	"slices"
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
	open     *resource  // that the next segment goes into; nil = a new one
	newest   uint64     // the highest sequence number written
	broken   bool       // a segment was lost: the next list starts afresh
	restart  bool       // and so do the numbers
	closed   bool       // the playlist has EXT-X-ENDLIST; nothing follows

	exists  bool        // the media playlist is there
	deleted chaos.Marks // what deleted it; 0 = the invalidator
	missed  chaos.Marks // what kept newer versions away since the last one stored
	put     put         // last write that the store accepted, stored or not
	checks  []check     // of the invalidator, by time
}

// listed is a segment that was written.
type listed struct {
	index    int64
	sequence uint64
	at       time.Duration
	filler   chaos.Marks // faults that made it filler
	gap      bool

	resource     *resource // it is a part of; nil = it has one of its own
	offset, size int64     // in there
}

// name is the number that the segment's resource has in its name.
func (l *listed) name() uint64 {
	if l.resource != nil {
		return l.resource.first
	}
	return l.sequence
}

// version is one stored media playlist.
type version struct {
	at       time.Duration
	era      uint64
	segments []listed
	closed   bool    // has EXT-X-ENDLIST
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
	first := s.c.first
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

// write is the encoder's turn: the next segment is complete at t, or the
// presentation, if its end could not be written in time.
func (s *stream) write(t time.Duration) {
	j := s.next
	s.next++
	if m, restart := s.lost(j); m != 0 {
		s.missed |= m
		s.broken, s.restart = true, s.restart || restart
		return
	}
	if s.broken {
		s.mend(j, t)
	}
	if j <= s.c.last {
		s.add(j, t)
	}
	s.put = put{at: t, number: s.put.number + 1}
	switch frozen, gone := marksAt(s.f.freeze, t), marksAt(s.f.del, t); {
	case frozen != 0:
		s.arm()
		s.missed |= frozen
		return
	case s.removedThroughout(t):
		s.arm()
		s.exists, s.deleted, s.missed = false, gone, 0
		return
	case j >= s.c.last:
		s.closed, s.checks = true, nil // the invalidator leaves what has ended alone
	default:
		s.arm()
	}
	s.keepVersion(t)
	s.exists, s.deleted, s.missed = true, 0, 0
}

// mend goes on at j after segments were lost. A list begins afresh then, but
// nothing may leave that of an event: what was lost is a gap in it.
func (s *stream) mend(j int64, t time.Duration) {
	s.open = nil
	switch {
	case s.restart && j <= s.c.last: // else nothing is left to begin with
		s.list = nil
		s.base = j - 1
		s.era++
	case s.c.cfg.Playlist == Live || len(s.list) == 0:
		s.list = nil
	default:
		for k := s.list[len(s.list)-1].index + 1; k < min(j, s.c.last+1); k++ {
			s.list = append(s.list, listed{index: k, sequence: uint64(k - s.base), at: t, gap: true})
		}
	}
	s.broken, s.restart = false, false
}

// add lists segment j, and stores it unless it is a gap.
func (s *stream) add(j int64, t time.Duration) {
	seg := listed{index: j, sequence: uint64(j - s.base), at: t}
	seg.gap = s.c.gap(s.pipeline, seg.sequence)
	s.newest = max(s.newest, seg.sequence)
	for i := range s.f.filler {
		if w := &s.f.filler[i]; w.from < s.c.clock.end(j) && s.c.clock.start(j) < w.to {
			seg.filler |= w.mark()
		}
	}
	if s.c.cfg.ByteRanges && !seg.gap {
		s.store(&seg)
	}
	s.kept = appendLast(s.kept, seg, s.c.cfg.Keep)
	s.list = append(s.list, seg)
}

// manyVersions is how many versions are kept of a list that nothing leaves.
const manyVersions = 21

// keepVersion stores the playlist as of t.
func (s *stream) keepVersion(t time.Duration) {
	n := s.c.cfg.Window
	if len(s.list) > 8*n {
		s.list = append(make([]listed, 0, 9*n), s.list[len(s.list)-n:]...)
	}
	list := s.list[max(0, len(s.list)-n):len(s.list):len(s.list)]
	v := &version{at: t, era: s.era, segments: list, closed: s.closed}
	if s.c.cfg.Playlist == Live {
		s.versions = appendLast(s.versions, v, s.c.cfg.Keep)
		return
	}
	// They are long: only the latest texts are kept.
	if n := len(s.versions); n > 1 {
		s.versions[n-2].plain, s.versions[n-2].ended = nil, nil
	}
	s.versions = appendLast(s.versions, v, manyVersions)
}

// removedThroughout reports whether a playlist.delete takes away at once what is
// written at t; with `once` the write heals it.
func (s *stream) removedThroughout(t time.Duration) bool {
	return slices.ContainsFunc(s.f.del, func(w span) bool { return w.holds(t) && !w.fault.Once })
}

// appendLast appends to at most n values, of which the oldest goes when they are
// as many.
func appendLast[T any](s []T, v T, n int) []T {
	if len(s) < n {
		return append(s, v)
	}
	copy(s, s[1:])
	s[n-1] = v
	return s
}

// look is what the origin holds under a name.
type look struct {
	object   *Object // nil = no such key
	marks    chaos.Marks
	beyond   chaos.Marks // faults that keep away what would come after the object's end
	truncate bool        // the answer ends halfway
}

// playlist is the media playlist at now. It must have been run up to now.
func (s *stream) playlist(now time.Duration) look {
	m := s.missed | s.overdue(now)
	if s.closed {
		// It is not written again: it is back when what took it away is undone.
		gone := marksAt(s.f.remove, now)
		for i := range s.f.del {
			if w := &s.f.del[i]; w.holds(now) && (!w.fault.Once || s.put.at < w.from) {
				gone |= w.mark()
			}
		}
		if gone != 0 {
			return look{marks: gone}
		}
	} else if !s.exists || len(s.versions) == 0 {
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
	for j, n := s.next, 0; j <= s.c.last && s.c.clock.end(j) <= now && n < MaxKeep; j, n = j+1, n+1 {
		m |= s.why(j, now)
	}
	return m
}

// segment is the segment with that sequence number at now.
func (s *stream) segment(sequence uint64, now time.Duration) look {
	seg := s.find(sequence)
	switch {
	case seg == nil:
		return look{marks: s.absent(sequence, now)}
	case seg.gap:
		return look{}
	}
	from, late := s.available(seg.at)
	if now < from {
		return look{marks: late}
	}
	l := s.disturbed(s.c.segmentObject(s.pipeline, s.rendition, sequence, seg.filler, from), m3u8.KindSegment, now)
	l.marks |= seg.filler
	return l
}

// find is the segment at the origin with that number, the newest if it came
// twice; nil without one.
func (s *stream) find(sequence uint64) *listed {
	n := len(s.kept)
	if n == 0 {
		return nil
	}
	// Numbers go up one by one, mostly.
	if back := s.kept[n-1].sequence - sequence; back < uint64(n) && s.kept[n-1-int(back)].sequence == sequence {
		return &s.kept[n-1-int(back)]
	}
	for i := n - 1; i >= 0; i-- {
		if s.kept[i].sequence == sequence {
			return &s.kept[i]
		}
	}
	return nil
}

// absent are the faults because of which a segment is not there: without them
// it would be if it is due and not yet too old.
func (s *stream) absent(sequence uint64, now time.Duration) chaos.Marks {
	latest := min(s.c.clock.latest(now), s.c.last)
	if sequence > uint64(latest-s.base) {
		return 0
	}
	if j := int64(sequence) + s.base; j > latest-int64(s.c.cfg.Keep) {
		return s.why(j, now)
	}
	return 0
}

// section is the initialization section, which is written once at the start, or
// the resource that has it in front.
func (s *stream) section(first uint64, now time.Duration) look {
	if !s.c.cfg.ByteRanges {
		return s.disturbed(s.c.inits[s.pipeline][s.rendition], m3u8.KindInit, now)
	}
	l := s.resource(first, now)
	if l.object == nil {
		return l
	}
	return s.disturbed(l.object, m3u8.KindInit, now)
}

// disturbed is an object that was written, as segment.missing and
// segment.truncate leave it.
func (s *stream) disturbed(o *Object, kind m3u8.Kind, now time.Duration) look {
	if m := marksAt(s.f.missing[kind], now); m != 0 {
		return look{marks: m}
	}
	cut := marksAt(s.f.truncate[kind], now)
	return look{object: o, marks: cut, truncate: cut != 0}
}

func (s *stream) id() ID {
	return ID{Kind: m3u8.KindMedia, Pipeline: s.pipeline, Rendition: s.rendition}
}
