package sim

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
	"hlsload/rig"
)

// ask is a question, and what it is answered.
type ask struct {
	question

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

// leaves notes when a request will be at its edge.
func (s *lane) leaves(st *seat, f *flight, ref uint32, at time.Duration) {
	f.head = max(at, s.now)
	if s.window == 0 {
		s.schedule(f.head, reach, ref, f.gen)
		return
	}
	f.question = s.agenda.add(s.question(st, f, ref))
	if s.ahead {
		st.wake.blind = min(st.wake.blind, f.head+2*s.window)
	}
}

// question is what a request asks the rig.
func (s *lane) question(st *seat, f *flight, ref uint32) question {
	a := &st.arrival
	return question{at: f.head, viewer: a.Player, url: f.url, part: f.part, issued: a.At, ref: ref, gen: f.gen, fetch: f.id, seat: st.index, cohort: int16(a.Cohort), pop: st.pop, kind: f.kind, control: st.control}
}

// reach lets a request arrive at its edge, where that answers at once.
func (s *lane) reach(f *flight, ref uint32) {
	a := ask{question: s.question(s.seats.at(f.seat), f, ref)}
	s.ask(&a)
	s.attend(s.learn(&a))
}

// answer puts to the rig, in order, what was asked in the window before.
func (s *sim) answer() {
	for {
		var first *lane
		for _, l := range s.lanes {
			if l.next < len(l.asked) && (first == nil || l.asked[l.next].order(&first.asked[first.next].question) < 0) {
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
	s.agenda.skip(s.sim.now)
	for i := range s.answers {
		if i%together == 0 {
			s.load(s.answers[i:min(i+together, len(s.answers))])
		}
		s.now, s.turns = s.sim.now, 0
		switch st := s.learn(&s.answers[i]); {
		case st == nil:
		case s.ahead:
			s.attend(st)
		default:
			s.settle(st)
		}
	}
	s.now = s.sim.now
	clear(s.answers) // what they point to is of the past
	s.answers = s.answers[:0]
}

// together is how many answers are looked at before they are heard.
const together = 16

// load looks at what answers are for: the processor gets all of it from memory at the
// same time, and not one after the other.
func (s *lane) load(answers []ask) {
	n := uint32(0)
	for i := range answers {
		a := &answers[i]
		st := s.seats.at(a.seat)
		n += s.flights.at(a.ref).gen + st.gen + st.flights + uint32(st.arrival.Cohort)
	}
	s.loaded += n
}

// learn takes an answer. It returns the seat that asked; nil = it has given up meanwhile.
func (s *lane) learn(a *ask) *seat {
	f := s.flights.at(a.ref)
	if f.gen != a.gen {
		return nil
	}
	st := s.seats.at(f.seat)
	f.head, f.question = 0, nil
	s.sees(st)
	if f.marks |= a.marks; a.hang {
		return st // its player waits until it gives up
	}
	f.status, f.size, f.bytes, f.object, f.pipeline = a.status, a.size, a.bytes, a.object, a.pipeline
	f.cache, f.layer, f.fetched = a.cache, a.layer, a.fetched
	if a.truncate {
		f.failure = player.Truncated
	}
	if s.hooked && !st.control && !f.playlist() {
		st.link.StreamAt(a.at, a.leaves, uint32(f.id)) // how much comes is decided at the viewer
	} else {
		st.link.AnswerAt(a.at, a.leaves, uint32(f.id), f.bytes, a.truncate)
	}
	return st
}

// sees works out up to when a seat knows what happens to it: the answer to a question
// may make a difference to it as soon as it may be heard.
func (s *lane) sees(st *seat) {
	if !s.ahead {
		return
	}
	st.wake.blind = player.Never
	for n := st.flights; n != 0; {
		f := s.flights.at(n - 1)
		if f.question != nil {
			st.wake.blind = min(st.wake.blind, f.head+2*s.window)
		}
		n = f.next
	}
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
