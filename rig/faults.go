package rig

import (
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

// span is a window of one fault that applies to the thing at hand.
type span struct {
	from, to time.Duration
	fault    *chaos.Fault
}

func (s *span) holds(now time.Duration) bool { return s.from <= now && now < s.to }
func (s *span) mark() chaos.Marks            { return chaos.Mark(s.fault.Rule) }

// spans collects the windows of the rig's own faults of those kinds that hit
// the thing.
func (c *Channel) spans(t *chaos.Thing, kinds ...chaos.Kind) []span {
	var out []span
	for _, w := range c.windows {
		if w.Fault.Via == chaos.ViaRig && slices.Contains(kinds, w.Fault.Kind) && w.From < w.To && w.Fault.Selects(t, c.plan.Seed()) {
			out = append(out, span{w.From, w.To, w.Fault})
		}
	}
	return out
}

// marksAt is the set of the spans that hold at now.
func marksAt(ss []span, now time.Duration) chaos.Marks {
	var m chaos.Marks
	for i := range ss {
		if ss[i].holds(now) {
			m |= ss[i].mark()
		}
	}
	return m
}

// faults are the windows that act on one stream, by what they do.
type faults struct {
	block    []span // kill, pause, input.loss pause: what is being made is lost
	remove   []span // their playlists are deleted when they begin
	drift    []span // written late
	filler   []span // input.loss emit
	freeze   []span
	del      []span
	rollback []span
	endlist  []span
	late     []span
	missing  [m3u8.Kinds][]span // of segments and initialization sections
	truncate [m3u8.Kinds][]span
	off      []span // the invalidator does nothing
	slow     []span // it begins late
	// bounds are the instants at which a playlist is deleted.
	bounds []bound
}

type bound struct {
	at   time.Duration
	mark chaos.Marks
}

func (c *Channel) compile(s *stream) faults {
	t := c.thing(ID{Kind: m3u8.KindMedia, Pipeline: s.pipeline, Rendition: s.rendition})
	var f faults
	for _, w := range c.spans(&t, chaos.PipelineKill, chaos.PipelinePause, chaos.InputLoss) {
		if filling(w.fault) {
			f.filler = append(f.filler, w)
			continue
		}
		f.block = append(f.block, w)
		if deletes(w.fault) {
			f.remove = append(f.remove, w)
		}
	}
	f.drift = c.spans(&t, chaos.PipelineDrift)
	f.freeze = c.spans(&t, chaos.PlaylistFreeze)
	f.del = c.spans(&t, chaos.PlaylistDelete)
	f.rollback = c.spans(&t, chaos.PlaylistRollback)
	f.endlist = c.spans(&t, chaos.PlaylistEndlist)
	f.off = c.spans(&t, chaos.InvalidatorOff)
	f.slow = c.spans(&t, chaos.InvalidatorSlow)
	for _, k := range [...]m3u8.Kind{m3u8.KindInit, m3u8.KindSegment} {
		t.Kind = k
		f.missing[k] = c.spans(&t, chaos.SegmentMissing)
		f.truncate[k] = c.spans(&t, chaos.SegmentTruncate)
		if k == m3u8.KindSegment {
			f.late = c.spans(&t, chaos.SegmentLate)
		}
	}
	for _, list := range [][]span{f.remove, f.del} {
		for i := range list {
			f.bounds = append(f.bounds, bound{list[i].from, list[i].mark()})
		}
	}
	slices.SortStableFunc(f.bounds, func(a, b bound) int { return int(min(max(a.at-b.at, -1), 1)) })
	return f
}

// filling reports whether the encoder goes on with filler.
func filling(f *chaos.Fault) bool { return f.Kind == chaos.InputLoss && f.Then != "pause" }

// deletes reports whether the encoder takes its media playlists away as it
// stops, as MediaLive does when the input of one pipeline is lost and the
// channel is set to PAUSE_OUTPUT.
func deletes(f *chaos.Fault) bool {
	return f.Kind == chaos.InputLoss || f.Kind == chaos.PipelinePause && f.Children != "stale"
}

// due is when segment j is written: at its end, or later under a drift, which
// is caught up with at once when it ends.
func (s *stream) due(j int64) time.Duration {
	if j > s.c.last {
		return s.closing()
	}
	end := s.c.clock.end(j)
	at := end
	for i := range s.f.drift {
		if w := &s.f.drift[i]; w.holds(end) {
			at = max(at, min(end+w.fault.By, w.to))
		}
	}
	return at
}

// closing is when the end of a presentation is written that could not be written
// with the last segment: when everything that kept it away has ended.
func (s *stream) closing() time.Duration {
	if s.closed {
		return chaos.Open
	}
	t := s.due(s.c.last)
	for again := true; again; {
		again = false
		for _, list := range [][]span{s.f.block, s.f.freeze, s.f.del} {
			for i := range list {
				if w := &list[i]; w.holds(t) {
					t, again = w.to, true
				}
			}
		}
	}
	return t
}

// lost are the faults because of which segment j is not written: the encoder
// stood still at some instant between the segment's start and its write.
func (s *stream) lost(j int64) (m chaos.Marks, restart bool) {
	if len(s.f.block) == 0 || j > s.c.last {
		return 0, false
	}
	start, at := s.c.clock.start(j), s.due(j)
	for i := range s.f.block {
		if w := &s.f.block[i]; w.from <= at && start < w.to {
			m |= w.mark()
			restart = restart || w.fault.Resume == "restart"
		}
	}
	return m, restart
}

// why are the faults that keep segment j away at now although it is due.
func (s *stream) why(j int64, now time.Duration) chaos.Marks {
	m, _ := s.lost(j)
	end := s.c.clock.end(j)
	for i := range s.f.drift {
		if w := &s.f.drift[i]; w.holds(end) && now < min(end+w.fault.By, w.to) {
			m |= w.mark()
		}
	}
	return m
}

// available is when the segment written at that instant can be read.
func (s *stream) available(at time.Duration) (time.Duration, chaos.Marks) {
	to, m := at, chaos.Marks(0)
	for i := range s.f.late {
		if w := &s.f.late[i]; w.holds(at) {
			to = max(to, min(at+w.fault.By, w.to))
			m |= w.mark()
		}
	}
	return to, m
}
