package record

import (
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
)

// What the built-in expectation viewers_served is judged by. All of it is
// recorded while no fault is on or in recovery, of sessions that no fault
// accounts for.

// standing is what a session counts as among those who want to play.
type standing uint8

const (
	aside   standing = iota // the viewer does not want to play yet, or a fault accounts for the session
	served                  // the session plays
	waiting                 // it has waited for its first picture for too long
	still                   // it is stalled
	dead                    // its player gave up
)

// wait notes that a session has waited for its first picture for so long that
// it counts as one that wants to play and does not: for ten seconds, three
// target durations (a minute at most), or what is usual for its cohort, whichever
// is longest.
func (s *Session) wait(now time.Duration) {
	c := s.shard.c
	d := max(10*time.Second, c.cfg.DarkAfter())
	if s.late || now-s.joined <= d {
		return
	}
	if d = max(d, c.usual(int(s.Group.Key.Cohort))); now-s.joined > d {
		s.late = true
		s.stand(s.joined + d)
	}
}

// accounted reports whether a fault accounts for the session: it was affected,
// and has not recovered or the fault's recovery is not over.
func (s *Session) accounted() bool {
	for t := s.faults; t != nil; t = t.next {
		if t.affected() {
			return true
		}
	}
	return false
}

// stand notes what the session counts as from at on.
func (s *Session) stand(at time.Duration) {
	to := aside
	switch {
	case s.control || s.accounted():
	case s.state == playing:
		to = served
	case s.state == stalled:
		to = still
	case s.state == joining && s.late:
		to = waiting
	}
	if to != s.standing {
		s.standAs(to, at)
	}
}

func (s *Session) standAs(to standing, at time.Duration) {
	r := s.shard.Rows.At(at)
	r.count(s.standing, -1)
	r.count(to, 1)
	s.standing = to
}

// miss counts a viewer whose player gave up. The viewer is missing until they
// come back or another one takes their place.
func (s *Session) miss(at time.Duration) {
	if s.control || s.accounted() {
		return
	}
	c := &s.shard.c.cfg
	s.shard.Rows.At(at).count(dead, 1)
	if back := at + c.Absence; c.Absence > 0 && back < c.Duration {
		s.shard.Rows.At(back).count(dead, -1)
	}
}

func (r *Row) count(st standing, n int64) {
	switch st {
	case aside:
		return
	case waiting:
		r.Waiting += n
	case still:
		r.Still += n
	case dead:
		r.Dead += n
	}
	r.Want += n
}

// maxLooked is how many renditions are recorded one by one.
const maxLooked = 1024

// RenditionAnswers counts the answers of a rendition.
type RenditionAnswers struct {
	Lists, Inits, Media Answers

	Heads []Head        // by part of the run's time; see Config.headEvery
	Asked time.Duration // when its playlist was answered last
	Empty bool          // and then it listed no segment
	Final bool          // it has ended, and need not go on
}

// Head is how far a playlist had come in a part of the run's time.
type Head struct {
	Next uint64        // 1 + the media sequence number after its newest segment; 0 = it was not answered
	At   time.Duration // when that was seen first
}

// maxHeads is into how many parts the run's time is cut for [Head].
const maxHeads = 256

// headEvery is the length of such a part.
func (c *Config) headEvery() time.Duration {
	return max(c.Duration/maxHeads, time.Second)
}

func (h *Head) add(o Head) {
	if o.Next > h.Next || o.Next == h.Next && o.At < h.At {
		*h = o
	}
}

// head is how far the playlist had come in part i.
func (a *RenditionAnswers) head(i int) *Head {
	for i >= len(a.Heads) {
		a.Heads = append(a.Heads, Head{})
	}
	return &a.Heads[i]
}

// Moved is when the playlist changed last; listed is false when it never answered.
func (a *RenditionAnswers) Moved() (at time.Duration, listed bool) {
	now := uint64(0)
	for _, h := range a.Heads {
		if h.Next > 0 && (!listed || moves(now, h.Next)) {
			now, at, listed = h.Next, h.At, true
		}
	}
	return at, listed
}

// asked notes when the playlist was answered, and whether it was empty then.
func (a *RenditionAnswers) asked(at time.Duration, empty bool) {
	switch {
	case at > a.Asked:
		a.Asked, a.Empty = at, empty
	case at == a.Asked:
		a.Empty = a.Empty || empty
	}
}

// Answers are the answers of one kind, and how many sessions they went to.
type Answers struct {
	Answers, Bad  int64
	Sessions, Met int64 // sessions that asked, and those that got a bad answer
	Why           map[string]int64

	Unfit map[string]int64 // those that cannot be what was asked for, by what they were
	Hosts map[string]int64 // that they came from
}

// moves reports whether a playlist whose newest segment came before number old
// has changed when it now comes before number now: it went on, or began again. A
// cache that is a few segments behind is no change.
func moves(old, now uint64) bool { return now > old || now+3 < old }

func (a *RenditionAnswers) add(o *RenditionAnswers) {
	reports.Add(&a.Lists, &o.Lists)
	reports.Add(&a.Inits, &o.Inits)
	reports.Add(&a.Media, &o.Media)
	for i, h := range o.Heads {
		a.head(i).add(h)
	}
	a.asked(o.Asked, o.Empty)
	a.Final = a.Final || o.Final
}

// asking is a set of marks: what a session has asked for, and where it got a bad
// answer, so that each session counts once. Renditions beyond the first 21 share
// marks.
type asking[B uint8 | uint64] struct{ asked, met B }

func (a *asking[B]) note(n *Answers, bit uint, sm *player.Sample, m *Meta) {
	mark := B(1) << (bit % 64)
	if a.asked&mark == 0 {
		a.asked |= mark
		n.Sessions++
	}
	n.Answers++
	if !bad(sm) {
		return
	}
	if a.met&mark == 0 {
		a.met |= mark
		n.Met++
	}
	n.Bad++
	reports.Count(&n.Why, why(sm), 1)
	if unfit(sm) {
		reports.Count(&n.Unfit, what(sm), 1)
		if m != nil && m.Host != "" {
			reports.Count(&n.Hosts, m.Host, 1)
		}
	}
}

// look notes an answer that came outside of faults.
func (s *Session) look(co *PhaseMap, sm *player.Sample, m *Meta) {
	if s.control || co.Sets[co.Intervals[s.piece].Set].In(-1, Either) || m != nil && m.Marks != 0 || s.accounted() {
		return
	}
	sh := s.shard
	s.kinds.note(&sh.Kinds[sm.Kind], uint(sm.Kind), sm, m)
	i := int(sm.Rendition)
	if i < 0 || i >= maxLooked {
		return
	}
	for i >= len(sh.Renditions) {
		sh.Renditions = append(sh.Renditions, RenditionAnswers{})
	}
	w := &sh.Renditions[i]
	switch sm.Kind {
	case m3u8.KindMedia:
		s.renditions.note(&w.Lists, uint(3*i), sm, m)
		if bad(sm) {
			return
		}
		every := s.shard.c.cfg.headEvery()
		w.head(int(min(max(sm.At, 0)/every, 2*maxHeads))).add(Head{Next: max(sm.Sequence+1, sm.Sequence), At: sm.At})
		w.asked(sm.At, sm.MediaDuration == 0)
		w.Final = w.Final || sm.Final
	case m3u8.KindInit:
		s.renditions.note(&w.Inits, uint(3*i+1), sm, m)
	case m3u8.KindSegment:
		s.renditions.note(&w.Media, uint(3*i+2), sm, m)
	}
}
