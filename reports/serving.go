package reports

import (
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
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
	d := max(10*time.Second, c.cfg.darkAfter())
	if s.late || now-s.joined <= d {
		return
	}
	if d = max(d, c.startups.usual(int(s.group.key.cohort))); now-s.joined > d {
		s.late = true
		s.stand(s.joined + d)
	}
}

// accounted reports whether a fault accounts for the session: it was affected,
// and has not come through or is still within the fault's recovery.
func (s *Session) accounted() bool {
	for t := s.troubles; t != nil; t = t.next {
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
	r := s.shard.rows.at(at)
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
	s.shard.rows.at(at).count(dead, 1)
	if back := at + c.Absence; c.Absence > 0 && back < c.Duration {
		s.shard.rows.at(back).count(dead, -1)
	}
}

func (r *row) count(st standing, n int64) {
	switch st {
	case aside:
		return
	case waiting:
		r.waiting += n
	case still:
		r.still += n
	case dead:
		r.dead += n
	}
	r.want += n
}

// maxLooked is how many renditions are told apart; those beyond are not
// looked at one by one.
const maxLooked = 1024

// watched is what was seen of a rendition.
type watched struct {
	lists, inits, media seen

	next   uint64        // the media sequence number after its newest segment
	moved  time.Duration // when that changed last
	asked  time.Duration // when its playlist was answered last
	empty  bool          // and then it listed no segment
	listed bool
	final  bool // it has ended, and need not go on
}

// seen are the answers of one kind, and how many sessions they went to.
type seen struct {
	answers, bad  int64
	sessions, met int64 // sessions that asked, and those that got one that was bad
	why           map[string]int64

	unfit map[string]int64 // those that cannot be what was asked for, by what they were
	hosts map[string]int64 // that they came from
}

func (a *seen) add(o *seen) {
	a.answers += o.answers
	a.bad += o.bad
	a.sessions += o.sessions
	a.met += o.met
	countAll(&a.why, o.why)
	countAll(&a.unfit, o.unfit)
	countAll(&a.hosts, o.hosts)
}

// moves reports whether a playlist whose newest segment came before number old
// has changed when it now comes before number now: it went on, or began again. A
// cache that is a few segments behind is no change.
func moves(old, now uint64) bool { return now > old || now+3 < old }

func (a *watched) add(o *watched) {
	a.lists.add(&o.lists)
	a.inits.add(&o.inits)
	a.media.add(&o.media)
	switch {
	case !o.listed:
	case a.listed && o.next == a.next:
		a.moved = min(a.moved, o.moved) // the first that saw it
	case !a.listed || moves(a.next, o.next) && (o.next > a.next || o.moved > a.moved):
		a.next, a.moved = o.next, o.moved
	}
	if o.listed && (!a.listed || o.asked >= a.asked) {
		a.asked, a.empty = o.asked, o.empty
	}
	a.listed = a.listed || o.listed
	a.final = a.final || o.final
}

// asking is what a session has asked for: which renditions it has asked for, and which it got
// something bad of, so that each session counts once. Renditions beyond the first
// 21 share marks.
type asking struct{ asked, met uint64 }

func (a *asking) note(n *seen, bit uint, sm *player.Sample, m *Meta) {
	mark := uint64(1) << (bit % 64)
	if a.asked&mark == 0 {
		a.asked |= mark
		n.sessions++
	}
	n.answers++
	if !bad(sm) {
		return
	}
	if a.met&mark == 0 {
		a.met |= mark
		n.met++
	}
	n.bad++
	count(&n.why, why(sm), 1)
	if unfit(sm) {
		count(&n.unfit, what(sm), 1)
		if m != nil && m.Host != "" {
			count(&n.hosts, m.Host, 1)
		}
	}
}

// look notes an answer that came while nothing was done to the stream.
func (s *Session) look(co *course, sm *player.Sample, m *Meta) {
	if s.control || co.spans[co.pieces[s.piece].span].in(-1, either) || m != nil && m.Marks != 0 || s.accounted() {
		return
	}
	sh := s.shard
	s.kinds.note(&sh.kinds[sm.Kind], uint(sm.Kind), sm, m)
	i := int(sm.Rendition)
	if i < 0 || i >= maxLooked {
		return
	}
	for i >= len(sh.watched) {
		sh.watched = append(sh.watched, watched{})
	}
	w := &sh.watched[i]
	switch sm.Kind {
	case m3u8.KindMedia:
		s.renditions.note(&w.lists, uint(3*i), sm, m)
		if bad(sm) {
			return
		}
		if !w.listed || moves(w.next, sm.Sequence) {
			w.next, w.moved = sm.Sequence, sm.At
		}
		w.listed, w.asked, w.empty = true, sm.At, sm.MediaDuration == 0
		w.final = w.final || sm.Final
	case m3u8.KindInit:
		s.renditions.note(&w.inits, uint(3*i+1), sm, m)
	case m3u8.KindSegment:
		s.renditions.note(&w.media, uint(3*i+2), sm, m)
	}
}
