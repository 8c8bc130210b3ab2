package sim

import (
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/link"
)

// lane is a part of the viewers, and all that is theirs.
type lane struct {
	*sim
	now    time.Duration
	events *queue

	agenda  agenda
	asks    []ask // of this window, once it is over
	asked   []ask // of the window before: the rig answers them
	next    int   // of these, that it answers next
	answers []ask // of the one before that: they are heard at the start of this one

	seats    store[seat]
	flights  store[flight]
	coming   store[audience.Arrival]
	cautions map[uint64]*player.Caution // of viewers who come back, by number
	configs  map[[2]int]*player.Config
	lists    lists
	ladders  map[ladderKey]*player.Ladder
	bodies   map[*flight][]byte // of playlists that were rewritten
	aborted  [2][]int           // answers given up in the window, by edge, and those of the twin's
	bitten   chaos.Marks        // faults via viewer that were seen to act
	stuck    error              // a player that never comes to rest
	turns    int                // of seats at this instant
	slot     uint64             // of the queue, whose seats have been loaded
	loaded   uint32             // means nothing; see load

	// What is used again and again, so that nothing is made for it.
	acting  *seat // whose player is asked
	thing   chaos.Thing
	actions []player.Action
	moved   []link.Event
}

func newLane(s *sim) *lane {
	l := &lane{sim: s, events: newQueue(), agenda: newAgenda(max(s.window, leastWindow)), cautions: map[uint64]*player.Caution{}, bodies: map[*flight][]byte{}, configs: map[[2]int]*player.Config{}, ladders: map[ladderKey]*player.Ladder{}}
	for i := range l.aborted {
		l.aborted[i] = make([]int, len(s.pops[i]))
	}
	return l
}

// schedule puts an entry into the queue.
func (s *lane) schedule(at time.Duration, k kind, ref, gen uint32) {
	if at < player.Never {
		s.events.push(max(at, s.now), k, ref, gen)
	}
}

// run goes on to the end of the window.
func (s *lane) run() {
	s.hear()
	var e entry
	for s.stuck == nil && !s.stopped && s.events.next() < s.until {
		if s.slot != s.events.slot {
			s.slot = s.events.slot
			s.loadSeats()
		}
		s.events.pop(&e)
		if e.at != s.now {
			s.now, s.turns = e.at, 0
		}
		switch e.kind() {
		case wakeSeat:
			s.wakes(&e)
		case reach:
			if f := s.flights.at(e.ref); f.gen == e.gen {
				s.reach(f, e.ref)
			}
		case reveal:
			if f := s.flights.at(e.ref); f.gen == e.gen {
				st := s.seats.at(f.seat)
				s.reveal(st, f)
				s.attend(st)
			}
		case leave:
			if st := s.seats.at(e.ref); st.gen == e.gen {
				s.step(st, &player.Event{Type: player.Leave})
				s.settle(st)
			}
		case arrive:
			a := *s.coming.at(e.ref)
			s.coming.give(e.ref)
			s.sit(a)
		}
	}
	s.asks = s.agenda.take(s.until, s.asks)
}

// later lets a viewer arrive.
func (s *lane) later(a audience.Arrival) {
	i := s.coming.take()
	*s.coming.at(i) = a
	s.schedule(a.At, arrive, i, 0)
}

// loadSeats looks at the seats that want attention next; see [lane.load].
func (s *lane) loadSeats() {
	n := uint32(0)
	for i := range s.events.near {
		if e := &s.events.near[i]; e.kind() == wakeSeat {
			st := s.seats.at(e.ref)
			n += st.gen + st.flights + uint32(st.arrival.Cohort)
		}
	}
	s.loaded += n
}
