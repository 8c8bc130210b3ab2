package sim

import (
	"slices"
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
	url  string
	part *m3u8.Range // nil = the whole resource
	sent time.Duration
	head time.Duration // its first byte has arrived

	id   player.FetchID
	gen  uint32 // fetches that have ended here
	seat uint32
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
	body     []byte // of a playlist that was rewritten; object is nil then
}

// playlist reports whether a playlist was asked for.
func (f *flight) playlist() bool { return f.kind == m3u8.KindMedia || f.kind == m3u8.KindMultivariant }

// flightOf finds a request of a seat; nil when it has ended.
func (s *sim) flightOf(st *seat, id player.FetchID) (uint32, *flight) {
	if id == 0 {
		return 0, nil
	}
	for i := range st.flights {
		if a := &st.flights[i]; a.id == id {
			return a.ref, s.flights.at(a.ref)
		}
	}
	return 0, nil
}

// fetch starts a request.
func (s *sim) fetch(st *seat, a *player.Action) {
	ref := s.flights.take()
	f := s.flights.at(ref)
	*f = flight{gen: f.gen, id: a.Fetch, seat: st.index, kind: a.Kind, url: a.URL, part: a.Range, sent: s.now}
	i := slices.IndexFunc(st.flights[:], func(a airborne) bool { return a.id == 0 }) // a player has no more than that
	st.flights[i] = airborne{a.Fetch, ref}
	s.linkFaults(st)
	if at := st.link.Start(s.now, uint32(a.Fetch), 0); at != link.Never {
		s.schedule(at, reach, ref, f.gen)
	}
}

// abandon drops a request.
func (s *sim) abandon(st *seat, id player.FetchID) {
	st.link.Abandon(s.now, uint32(id))
	if ref, f := s.flightOf(st, id); f != nil {
		s.asked.Pop = int(st.pop)
		s.rigOf(st).Abort(s.now, &s.asked)
		s.land(st, ref)
	}
}

// land frees a flight.
func (s *sim) land(st *seat, ref uint32) {
	for i := range st.flights {
		if a := &st.flights[i]; a.id != 0 && a.ref == ref {
			a.id = 0
			break
		}
	}
	f := s.flights.at(ref)
	*f = flight{gen: f.gen + 1}
	s.flights.give(ref)
}
