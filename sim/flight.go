package sim

import (
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
	"hlsload/rig"
)

// flight is a request under way.
type flight struct {
	url      string
	part     *m3u8.Range // nil = the whole resource
	sent     time.Duration
	head     time.Duration // its first byte has arrived; until it is answered: it gets to its edge
	question *question     // nil = it has none, or has been answered

	id   player.FetchID
	gen  uint32 // fetches that have ended here
	seat uint32
	next uint32 // 1 + the number of the seat's fetch before; 0 = none
	kind m3u8.Kind

	// The answer, as it leaves the edge and then as the player sees it.
	met      bool // its headers have reached the viewer
	failure  player.Failure
	cache    cdn.Cache
	layer    cdn.Layer
	fetched  int32 // ms that the origin took to its first byte, 0 = it was not asked
	pipeline int8
	status   int16
	marks    chaos.Marks
	size     int64 // of the body, as announced
	bytes    int64 // that really come
	object   *rig.Object
}

// playlist reports whether a playlist was asked for.
func (f *flight) playlist() bool { return playlist(f.kind) }

// flightOf finds a request of a seat; nil when it has ended.
func (s *lane) flightOf(st *seat, id player.FetchID) (uint32, *flight) {
	for n := st.flights; n != 0; {
		f := s.flights.at(n - 1)
		if f.id == id {
			return n - 1, f
		}
		n = f.next
	}
	return 0, nil
}

// fetch starts a request.
func (s *lane) fetch(st *seat, a *player.Action) {
	ref := s.flights.take()
	f := s.flights.at(ref)
	*f = flight{gen: f.gen, id: a.Fetch, seat: st.index, next: st.flights, kind: a.Kind, url: a.URL, part: a.Range, sent: s.now}
	st.flights = ref + 1
	s.linkFaults(st)
	if at := st.link.Start(s.now, uint32(a.Fetch), 0); at != link.Never {
		s.leaves(st, f, ref, at)
	}
}

// abandon drops a request.
func (s *lane) abandon(st *seat, id player.FetchID) {
	st.link.Abandon(s.now, uint32(id))
	if ref, f := s.flightOf(st, id); f != nil {
		twin := 0
		if st.control {
			twin = 1
		}
		s.aborted[twin][st.pop]++
		s.land(st, ref)
	}
}

// land frees a flight.
func (s *lane) land(st *seat, ref uint32) {
	f := s.flights.at(ref)
	blind := f.question != nil
	if blind && f.head >= s.now {
		f.question.void = true // it never gets to its edge
	}
	at := &st.flights
	for *at != ref+1 {
		at = &s.flights.at(*at - 1).next
	}
	*at = f.next
	if s.hooked {
		delete(s.bodies, f)
	}
	*f = flight{gen: f.gen + 1}
	s.flights.give(ref)
	if blind {
		s.sees(st)
	}
}
