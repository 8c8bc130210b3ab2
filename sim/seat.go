package sim

import (
	"fmt"
	"time"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/link"
	"hlsload/reports/record"
)

// seat is where one session after another sits.
//
// The order is that in which an event needs the fields: with many seats, what
// costs time is to get them into the cache.
type seat struct {
	wake    wake
	gen     uint32 // sessions that have ended here
	index   uint32
	pop     int16
	taken   bool
	control bool
	faulty  bool // a fault holds its link
	breaks  bool // its viewer leaves to come back: the place stays empty
	link    link.Link
	flights uint32 // 1 + the number of its latest fetch in flight; see flight.next
	player  player.Player
	session record.Session
	arrival audience.Arrival
}

// wake is when a seat wants attention, and what the queue knows of that.
type wake struct {
	due    time.Duration
	at     time.Duration // of its earliest entry in the queue; others do not count, but
	later  time.Duration // of one more that does once at has passed
	player time.Duration // when the player wants a tick, as of the last step
	blind  time.Duration // from here on, what happens depends on an answer that is not known
}

// wakes takes an entry out of the queue at which a seat wanted attention.
func (s *lane) wakes(e *entry) {
	st := s.seats.at(e.ref)
	w := &st.wake
	if st.gen != e.gen || w.at != e.at {
		return // it has been overtaken
	}
	w.at, w.later = w.later, player.Never
	if w.due > s.now {
		s.wakeAt(st, w.due)
		return
	}
	s.attend(st)
}

// wakeAt puts an entry into the queue for when a seat wants attention.
func (s *lane) wakeAt(st *seat, at time.Duration) {
	w := &st.wake
	if w.due = at; at < w.at {
		w.at, w.later = at, w.at
		s.schedule(at, wakeSeat, st.index, st.gen)
	}
}

// sit begins a session.
func (s *lane) sit(a audience.Arrival) {
	i := s.seats.take()
	cohort := &s.cfg.Audience.Cohorts[a.Cohort]
	prof := s.cfg.Profiles[a.Cohort]
	st := s.seats.at(i)
	a.At = s.now
	st.index, st.taken, st.arrival = i, true, a
	st.wake = wake{at: player.Never, later: player.Never, blind: player.Never}
	st.control, st.faulty, st.breaks = cohort.FaultsNone, false, false
	st.pop = int16(a.PopOf(s.cfg.Rig.Edge.Pops))
	st.flights = 0
	st.link = link.New(s.cfg.Audience.Link(&a), link.Transport{Conns: uint8(prof.HTTP.ConnectionsPerHost)}, a.Seed)
	s.cfg.Collector.JoinAt(&st.session, s.now, record.SessionInfo{Player: a.Player, Cohort: int(a.Cohort), Rejoin: a.Session > 1, Number: int(a.Session), Failed: a.Failed})
	st.player.Join(s.config(int(a.Cohort), int(a.Entry)), a.Seed, s.now)
	if s.cfg.Cautious {
		st.player.Inherit(s.cautions[a.Player])
		delete(s.cautions, a.Player)
	}
	s.schedule(a.Leave, leave, i, st.gen)
	s.step(st, &player.Event{Type: player.Tick})
	s.settle(st)
}

// config is what the players of a cohort that open the same URL have in common.
func (s *lane) config(cohort, entry int) *player.Config {
	key := [2]int{cohort, entry}
	c := s.configs[key]
	if c == nil {
		c = &player.Config{Profile: s.cfg.Profiles[cohort], URL: host + s.rig.Entry(entry), Epoch: s.cfg.Epoch.UnixNano(), Cautious: s.cfg.Cautious, Progress: s.progress}
		s.configs[key] = c
	}
	return c
}

// progress is how much of a body has arrived at the seat whose player asks.
func (s *lane) progress(id player.FetchID) int64 { return s.acting.link.Progress(s.now, uint32(id)) }

// attend does everything that is due at a seat.
func (s *lane) attend(st *seat) {
	for s.turn(st) {
		at := st.link.Wake()
		switch {
		case at <= s.now:
			s.move(st)
		case st.taken && st.wake.player <= s.now:
			s.step(st, &player.Event{Type: player.Tick})
		default:
			if !s.goesOn(st, at) {
				s.settleAt(st, at)
				return
			}
		}
	}
}

// goesOn moves on to when a seat wants attention next, given when its link does, if the
// seat knows what happens until then: what has to be loaded for a seat is at hand, and no
// other seat minds.
func (s *lane) goesOn(st *seat, at time.Duration) bool {
	if !s.ahead || !st.taken {
		return false
	}
	at = min(st.wake.player, at)
	if at >= min(s.limit, st.arrival.Leave, st.wake.blind) {
		return false
	}
	s.now, s.turns = at, 0
	return true
}

// maxTurns is how many turns the seats may have at one instant, a seat.
const maxTurns = 1000

// turn counts a turn of a seat. It reports whether those of one instant may still come
// to an end.
func (s *lane) turn(st *seat) bool {
	s.turns++
	return s.turns <= maxTurns*int(s.seats.n+1) || s.restless(st)
}

// restless ends the run: a player asks again at once for what fails at once.
func (s *lane) restless(st *seat) bool {
	if s.stuck == nil {
		s.stuck = fmt.Errorf("simulation: player %d of profile %s does not come to rest: it still acts at %v after %d turns (want delays before its retries, or a round trip or latency above 0)",
			st.arrival.Player, s.cfg.Profiles[st.arrival.Cohort].ID, s.now, s.turns)
	}
	return false
}

// move passes on what is due on a seat's link.
func (s *lane) move(st *seat) {
	moved := st.link.Step(s.now, s.moved[:0])
	s.moved = nil // what follows may move the link again
	for i := range moved {
		s.happened(st, &moved[i])
	}
	s.moved = moved
}

// settle puts the seat into the queue for when it wants attention next.
func (s *lane) settle(st *seat) { s.settleAt(st, st.link.Wake()) }

// settleAt is settle, given when the link wants attention.
func (s *lane) settleAt(st *seat, at time.Duration) {
	if !st.taken {
		return
	}
	if at = max(min(st.wake.player, at), s.now); at >= st.wake.blind {
		at = player.Never // the answer wakes it
	}
	s.wakeAt(st, at)
}

// happened passes on what happened on a link.
func (s *lane) happened(st *seat, ev *link.Event) {
	ref, f := s.flightOf(st, player.FetchID(ev.ID))
	if f == nil {
		return
	}
	switch ev.Type {
	case link.Reach:
		s.leaves(st, f, ref, ev.At)
	case link.Head:
		f.head, f.met = ev.At, true
		switch hooked := s.hooked && !st.control; {
		case !hooked:
			s.begun(st, f)
		case !f.playlist():
			s.show(st, ref, f)
		}
	case link.Complete:
		if s.hooked && !st.control && f.playlist() {
			s.show(st, ref, f)
			return
		}
		s.end(st, f)
	}
}

// step passes an event to the player and carries out its actions.
func (s *lane) step(st *seat, ev *player.Event) {
	if !st.taken {
		return
	}
	s.acting = st
	actions := st.player.Step(s.now, ev, s.actions[:0])
	s.actions = nil // a player that ends makes room for another one
	over := false
	how := audience.Left
	for i := range actions {
		a := &actions[i]
		switch a.Type {
		case player.Fetch:
			s.fetch(st, a)
		case player.Abandon:
			s.abandon(st, a.Fetch)
		case player.Note:
			s.note(st, &a.Sample)
			switch a.Sample.Type {
			case player.Fatal:
				how = audience.Fatal
			case player.Ended:
				how = audience.Finished
			}
		case player.Done:
			over = true
		}
	}
	s.actions = actions
	if over {
		s.rise(st, how)
		return
	}
	st.wake.player = st.player.Wake()
}

// note records a sample; an answer comes with what the player does not know.
func (s *lane) note(st *seat, sm *player.Sample) {
	if s.cfg.Observe != nil {
		s.cfg.Observe(sm)
	}
	if sm.Type != player.Answered {
		st.session.Add(sm, nil)
		return
	}
	ref, f := s.flightOf(st, sm.Fetch)
	if f == nil {
		st.session.Add(sm, nil)
		return
	}
	m := record.Meta{Marks: f.marks}
	if f.met {
		m.Cache, m.Layer, m.Pop, m.Fetched = f.cache, f.layer, s.popOf(st), time.Duration(f.fetched)*time.Millisecond
	}
	st.session.Add(sm, &m)
	s.land(st, ref)
}

// rise ends a session; another viewer may take the place.
func (s *lane) rise(st *seat, why audience.Why) {
	for st.flights != 0 {
		s.land(st, st.flights-1)
	}
	st.taken = false
	st.gen++
	s.seats.give(st.index)
	if st.breaks {
		return
	}
	if next, ok := s.audience.Ended(s.now, st.arrival, why); ok {
		s.keepCaution(next, st)
		s.later(next)
	}
}

// keepCaution keeps what a viewer's player knows until the viewer is back.
func (s *lane) keepCaution(next audience.Arrival, st *seat) {
	if c := st.player.Caution(); c != nil && next.Player == st.arrival.Player {
		s.cautions[next.Player] = c
	}
}

// popOf is what headers call a seat's edge.
func (s *lane) popOf(st *seat) string {
	if st.control {
		return s.pops[1][st.pop]
	}
	return s.pops[0][st.pop]
}
