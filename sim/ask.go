package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
	"hlsload/rig"
)

// ask is a request at its edge, and what it is answered. It has all that the rig
// needs: its flight may be over when the window ends.
type ask struct {
	at       time.Duration
	viewer   uint64
	url      string
	part     *m3u8.Range
	issued   time.Duration // it and the cohort are set when there are faults
	ref, gen uint32        // flight
	cohort   int32
	pop      int16
	kind     m3u8.Kind
	control  bool

	// The answer.
	hang     bool // never; the rest is not set then
	truncate bool
	cache    cdn.Cache
	layer    cdn.Layer
	pipeline int8
	status   int16
	fetched  int32
	marks    chaos.Marks
	leaves   time.Duration
	size     int64
	bytes    int64
	object   *rig.Object
}

// reach lets a request arrive at its edge.
func (s *lane) reach(f *flight, ref uint32) {
	a := ask{at: f.head, viewer: f.viewer, url: f.url, part: f.part, ref: ref, gen: f.gen, pop: f.pop, kind: f.kind, control: f.control}
	f.asked, f.head = true, 0
	if !s.plan.Quiet() {
		who := &s.seats.at(f.seat).arrival
		a.issued, a.cohort = who.At, int32(who.Cohort)
	}
	if s.window > 0 {
		s.asks = append(s.asks, a)
		return
	}
	s.ask(&a)
	if st := s.learn(&a); st != nil {
		s.attend(st)
	}
}

// before is the order of what is asked: that of time, and at one instant that of
// viewers, whatever lanes they are in.
func (a *ask) before(b *ask) bool { return a.at < b.at || a.at == b.at && a.viewer < b.viewer }

// order brings what was asked in the window into order. It nearly is.
func (s *lane) order() {
	by := func(a, b ask) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.viewer, b.viewer)) }
	if !slices.IsSortedFunc(s.asks, by) {
		slices.SortStableFunc(s.asks, by)
	}
}

// answer puts to the rig, in order, what was asked in the window before.
func (s *sim) answer() {
	for {
		var first *lane
		for _, l := range s.lanes {
			if l.next < len(l.asked) && (first == nil || l.asked[l.next].before(&first.asked[first.next])) {
				first = l
			}
		}
		if first == nil {
			return
		}
		s.ask(&first.asked[first.next])
		first.next++
	}
}

// ask puts a request to the rig. When the answer will leave it is known then.
func (s *sim) ask(a *ask) {
	q := &s.asked
	q.Method, q.Path, q.Range, q.Pop, q.Gzip = "", pathOf(a.url), "", int(a.pop), playlist(a.kind)
	q.Viewer, q.HasViewer, q.Cohort, q.Issued = a.viewer, true, s.cfg.Audience.Cohorts[a.cohort].Name, a.issued
	if a.kind == m3u8.KindSegment && s.cfg.HeadOnly {
		q.Method = "HEAD"
	}
	if r := a.part; r != nil {
		q.Range = fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1)
	}
	step := s.rigOf(a.control).Advance(a.at, q)
	got := &q.Answer
	a.marks = got.Marks
	if a.hang = step.Hang; a.hang {
		return
	}
	a.status, a.size, a.bytes, a.object, a.pipeline = int16(got.Status), got.Length, got.Bytes, got.Object, int8(got.Pipeline)
	a.cache, a.layer, a.truncate = cacheOf(got), layerOf(got), got.Truncate
	if got.Upstream != rig.NoLayer {
		a.fetched = int32(got.FirstByte.Milliseconds())
	}
	a.leaves = a.at + step.Wait
}

// hear takes the answers that there are.
func (s *lane) hear() {
	s.now = s.sim.now
	for i := range s.answers {
		if st := s.learn(&s.answers[i]); st != nil {
			s.settle(st)
		}
	}
	clear(s.answers) // what they point to is of the past
	s.answers = s.answers[:0]
}

// learn takes an answer. It returns the seat whose link brings it; nil = it was given up
// meanwhile, or never comes.
func (s *lane) learn(a *ask) *seat {
	f := s.flights.at(a.ref)
	if f.gen != a.gen {
		return nil
	}
	if f.marks |= a.marks; a.hang {
		return nil // until the player gives up
	}
	f.status, f.size, f.bytes, f.object, f.pipeline = a.status, a.size, a.bytes, a.object, a.pipeline
	f.cache, f.layer, f.fetched = a.cache, a.layer, a.fetched
	if a.truncate {
		f.failure = player.Truncated
	}
	st := s.seats.at(f.seat)
	if s.hooked && !st.control && !f.playlist() {
		st.link.StreamAt(a.at, a.leaves, uint32(f.id)) // how much comes is decided at the viewer
	} else {
		st.link.AnswerAt(a.at, a.leaves, uint32(f.id), f.bytes, a.truncate)
	}
	return st
}

// rigOf is the channel, or its twin.
func (s *sim) rigOf(twin bool) *rig.Rig {
	if twin {
		return s.twin
	}
	return s.rig
}

// playlist reports whether a kind is of playlists.
func playlist(k m3u8.Kind) bool { return k == m3u8.KindMedia || k == m3u8.KindMultivariant }
