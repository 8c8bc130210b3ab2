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
	aside   standing = iota // it does not want to play yet, or a fault accounts for it
	served                  // it plays
	waiting                 // it was to play by now and never has
	still                   // it stands still
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
	if d = max(d, c.startups.usual(int(s.Group.Key.Cohort))); now-s.joined > d {
		s.late = true
		s.stand(s.joined + d)
	}
}

// accounted reports whether a fault accounts for the session: it was affected,
// and has not come through or is still within the fault's recovery.
func (s *Session) accounted() bool {
	for t := s.faults; t != nil; t = t.next {
		if t.affected >= 0 {
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
	s.standAs(to, at)
}

func (s *Session) standAs(to standing, at time.Duration) {
	if to == s.standing {
		return
	}
	r := s.shard.rows.At(at)
	r.count(s.standing, -1)
	r.count(to, 1)
	s.standing = to
}

// miss counts a viewer whose player gave up. It is missing until it comes back
// or another one takes its place.
func (s *Session) miss(at time.Duration) {
	if s.control || s.accounted() {
		return
	}
	c := &s.shard.c.cfg
	s.shard.rows.At(at).count(dead, 1)
	if back := at + c.Absence; c.Absence > 0 && back < c.Duration {
		s.shard.rows.At(back).count(dead, -1)
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

// maxLooked is how many renditions are told apart; those beyond are not
// looked at one by one.
const maxLooked = 1024

// watched is what was seen of a rendition.
type RenditionAnswers struct {
	Lists, Inits, Media Answers

	next   uint64        // the media sequence number after its newest segment
	Moved  time.Duration // when that changed last
	Asked  time.Duration // when its playlist was answered last
	Empty  bool          // and then it listed no segment
	Listed bool
	Final  bool // it has ended, and need not go on
}

// seen are the answers of one kind, and how many sessions they went to.
type Answers struct {
	Answers, Bad  int64
	Sessions, Met int64 // sessions that asked, and those that got one that was bad
	Why           map[string]int64

	Unfit map[string]int64 // those that cannot be what was asked for, by what they were
	Hosts map[string]int64 // that they came from
}

func (a *Answers) Add(o *Answers) {
	a.Answers += o.Answers
	a.Bad += o.Bad
	a.Sessions += o.Sessions
	a.Met += o.Met
	reports.CountAll(&a.Why, o.Why)
	reports.CountAll(&a.Unfit, o.Unfit)
	reports.CountAll(&a.Hosts, o.Hosts)
}

// moves reports whether a playlist whose newest segment came before number old
// has changed when it now comes before number now: it went on, or began again. A
// cache that is a few segments behind is no change.
func moves(old, now uint64) bool { return now > old || now+3 < old }

func (a *RenditionAnswers) add(o *RenditionAnswers) {
	a.Lists.Add(&o.Lists)
	a.Inits.Add(&o.Inits)
	a.Media.Add(&o.Media)
	switch {
	case !o.Listed:
	case a.Listed && o.next == a.next:
		a.Moved = min(a.Moved, o.Moved) // the first that saw it
	case !a.Listed || moves(a.next, o.next) && (o.next > a.next || o.Moved > a.Moved):
		a.next, a.Moved = o.next, o.Moved
	}
	if o.Listed && (!a.Listed || o.Asked >= a.Asked) {
		a.Asked, a.Empty = o.Asked, o.Empty
	}
	a.Listed = a.Listed || o.Listed
	a.Final = a.Final || o.Final
}

// asking is what a session has asked for: which renditions it has asked for, and which it got
// something bad of, so that each session counts once. Renditions beyond the first
// 21 share marks.
type asking struct{ asked, met uint64 }

func (a *asking) note(n *Answers, bit uint, sm *player.Sample, m *Meta) {
	mark := uint64(1) << (bit % 64)
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

// look notes an answer that came while nothing was done to the stream.
func (s *Session) look(co *PhaseMap, sm *player.Sample, m *Meta) {
	if s.control || co.Sets[co.Intervals[s.piece].Set].In(-1, Either) || m != nil && m.Marks != 0 || s.accounted() {
		return
	}
	sh := s.shard
	s.kinds.note(&sh.kinds[sm.Kind], uint(sm.Kind), sm, m)
	i := int(sm.Rendition)
	if i < 0 || i >= maxLooked {
		return
	}
	for i >= len(sh.watched) {
		sh.watched = append(sh.watched, RenditionAnswers{})
	}
	w := &sh.watched[i]
	switch sm.Kind {
	case m3u8.KindMedia:
		s.renditions.note(&w.Lists, uint(3*i), sm, m)
		if bad(sm) {
			return
		}
		if !w.Listed || moves(w.next, sm.Sequence) {
			w.next, w.Moved = sm.Sequence, sm.At
		}
		w.Listed, w.Asked, w.Empty = true, sm.At, sm.MediaDuration == 0
		w.Final = w.Final || sm.Final
	case m3u8.KindInit:
		s.renditions.note(&w.Inits, uint(3*i+1), sm, m)
	case m3u8.KindSegment:
		s.renditions.note(&w.Media, uint(3*i+2), sm, m)
	}
}
