package sim

import (
	"net/url"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
	"hlsload/rig"
)

// show lets faults via viewer act on an answer that has reached the viewer: on
// a playlist when it is complete, on anything else at its first byte.
func (s *lane) show(st *seat, ref uint32, f *flight) {
	if f.playlist() && f.failure != player.NoFailure {
		s.reveal(st, f) // there is nothing that could be rewritten
		return
	}
	var body []byte
	if f.object != nil && f.playlist() {
		body = f.object.Text()
	}
	out, e := s.rewriter.Rewrite(s.now, s.plan, s.thingOf(st, f), f.url, chaos.Answer{Status: int(f.status), Body: body})
	f.marks |= e.Marks
	s.bitten |= e.Marks
	switch {
	case e.Reset:
		st.link.Abandon(s.now, uint32(f.id))
		f.failure, f.status, f.bytes, f.head = player.Reset, 0, 0, 0
		s.end(st, f)
		return
	case e.Hang:
		f.bytes = 0
		return // until the player gives up
	}
	if int(f.status) != out.Status || !same(body, out.Body) {
		f.status, f.object = int16(out.Status), nil
		s.bodies[f] = out.Body
		f.size = int64(len(out.Body))
		f.bytes = f.size
	}
	if e.Truncate {
		f.failure, f.bytes = player.Truncated, min(f.bytes, f.size/2)
	}
	if e.Delay > 0 {
		f.head = s.now + e.Delay
		s.schedule(f.head, reveal, ref, f.gen)
		return
	}
	s.reveal(st, f)
}

// same reports whether a body is the very one it was.
func same(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// reveal gives the player an answer as the faults via viewer have left it.
func (s *lane) reveal(st *seat, f *flight) {
	gen := f.gen
	s.begun(st, f)
	switch {
	case f.gen != gen: // the player has given it up
	case f.playlist():
		s.end(st, f)
	default:
		st.link.Offer(s.now, uint32(f.id), f.bytes)
		st.link.Finish(s.now, uint32(f.id), f.failure != player.NoFailure)
	}
}

// begun tells the player that an answer has begun.
func (s *lane) begun(st *seat, f *flight) {
	s.step(st, &player.Event{Type: player.Head, Fetch: f.id, Status: int(f.status), Size: f.size, Sent: f.sent, FirstByte: f.head})
}

// end tells the player how an answer has ended.
func (s *lane) end(st *seat, f *flight) {
	e := player.Event{Type: player.End, Fetch: f.id, Status: int(f.status), Bytes: f.bytes, Size: f.size, Sent: f.sent, FirstByte: f.head}
	switch {
	case f.failure != player.NoFailure:
		e.Type, e.Failure = player.Failed, f.failure
	case f.status/100 == 2 && f.playlist():
		s.read(st, f, &e)
	case f.status/100 == 2 && f.object != nil && !(s.cfg.HeadOnly && f.kind == m3u8.KindSegment):
		offset := int64(0)
		if f.part != nil {
			offset = f.part.Offset
		}
		e.Opening = s.rigOf(st.control).Opening(f.object, offset)
	}
	s.step(st, &e)
}

// cacheOf is what the answer's headers would say.
func cacheOf(a *rig.Answer) cdn.Cache {
	switch {
	case a.Upstream != rig.NoLayer && a.XCache == rig.RefreshHit:
		return cdn.CacheRevalidated
	case a.Upstream != rig.NoLayer:
		return cdn.CacheMiss
	case a.Collapsed:
		return cdn.CacheJoined
	}
	return cdn.CacheHit
}

func layerOf(a *rig.Answer) cdn.Layer {
	switch {
	case a.Upstream != rig.NoLayer:
		return cdn.LayerOrigin
	case a.Collapsed:
		return cdn.LayerJoined
	case a.Hit == rig.ShieldLayer:
		return cdn.LayerShield
	case a.Hit == rig.EdgeLayer:
		return cdn.LayerEdge
	}
	return cdn.LayerCache
}

// thingOf describes a request to the plan.
func (s *lane) thingOf(st *seat, f *flight) *chaos.Thing {
	t := &s.thing
	if id, ok := s.rig.Parse(pathOf(f.url)); ok {
		*t = s.rig.Thing(id)
		t.Kind, t.Pipeline = f.kind, int(f.pipeline)
	} else {
		*t = chaos.NewThing(f.kind, int(f.pipeline))
	}
	t.By(s.cfg.Audience.Cohorts[st.arrival.Cohort].Name, st.arrival.Player, st.arrival.At)
	return t
}

// pathOf is a URL of the channel without its host.
func pathOf(u string) string { return u[min(len(host), len(u)):] }

type ladderKey struct {
	profile *player.Profile
	version uint64
}

// read turns the body of a playlist into what the player works with.
func (s *lane) read(st *seat, f *flight, e *player.Event) {
	body, version := s.bodies[f], uint64(0)
	if f.object != nil {
		body, version = f.object.Text(), f.object.Version
	}
	if version == 0 {
		version = draw.Hash(f.url + string(body)) // two runs must agree on it
	}
	var err error
	if f.kind == m3u8.KindMedia {
		e.Media, err = s.playlist(f.url, body, version)
	} else {
		e.Ladder, err = s.ladder(f.url, body, ladderKey{s.cfg.Profiles[st.arrival.Cohort], version})
	}
	if err != nil {
		e.Problem = err.Error()
	}
}

// playlist is a media playlist.
func (s *lane) playlist(u string, body []byte, version uint64) (*m3u8.Media, error) {
	if m := s.lists.at(s.now, version); m != nil {
		return m, nil
	}
	m, err := m3u8.ParseMedia(body, m3u8.Options{Base: parsed(u)})
	if err != nil {
		return nil, err
	}
	s.lists.keep(version, m)
	return m, nil
}

// ladder is a multivariant playlist as a profile sees it.
func (s *lane) ladder(u string, body []byte, key ladderKey) (*player.Ladder, error) {
	if l := s.ladders[key]; l != nil {
		return l, nil
	}
	mv, err := m3u8.ParseMultivariant(body, m3u8.Options{Base: parsed(u)})
	if err != nil {
		return nil, err
	}
	l, err := player.NewLadder(mv, key.profile, s.classify)
	if err != nil {
		return nil, err
	}
	s.ladders[key] = l
	return l, nil
}

// parsed is what URLs in a playlist are relative to.
func parsed(u string) *url.URL {
	base, _ := url.Parse(u) // the channel's own URLs parse
	return base
}

// classify returns the pipeline of a media playlist, -1 of an unknown one.
func (s *lane) classify(u string) int {
	if id, ok := s.rig.Parse(pathOf(u)); ok {
		return id.Pipeline
	}
	return -1
}
