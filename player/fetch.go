package player

import (
	"math/bits"
	"strconv"
	"strings"
	"time"

	"hlsload/player/content"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
	"hlsload/player/units"
)

// MaxFetches is how many fetches may be in flight: a playlist, something of the
// segment chain (key, initialization section, segment) and two segments that
// arrived or were asked for ahead of their turn, for each track.
const MaxFetches = 4 * int(Tracks)

// flight is a fetch that has been asked for and has not ended.
type flight struct {
	id        FetchID // 0 = unused
	kind      m3u8.Kind
	track     Track
	ahead     bool // a prefetched segment
	held      bool // it has arrived and waits for its turn
	update    bool // a playlist of which one is there
	counted   bool // among the repeats of a cautious player, once it has ended
	orphan    bool // of a rendition that was left meanwhile
	left      bool // it failed, and what the track plays now has not
	waits     bool // it is held back and not in flight yet
	level     int16
	rendition int16
	status    int16 // of the answer, once there is one
	due       time.Duration
	sent      time.Duration // until a head arrives: when it was asked for
	firstByte time.Duration // 0 = none yet
	moved     time.Duration // last progress seen
	bytes     int64         // progress seen at moved
	size      int64         // announced; 0 = not
	look      time.Duration // next look whether to abandon it
	seg       *m3u8.Segment
	start     time.Duration    // of the segment on the session's timeline
	stamp     *mediatime.Stamp // of one that is held
}

// flight returns the fetch of that kind in flight on a track, or nil.
func (p *Player) flight(t Track, k m3u8.Kind) *flight {
	for i := range p.flights {
		if f := &p.flights[i]; f.id != 0 && f.track == t && f.kind == k && !f.orphan {
			return f
		}
	}
	return nil
}

// chain returns what is in flight of a track's key, initialization section and
// segment, or nil.
func (p *Player) chain(t Track) *flight {
	for i := range p.flights {
		if f := &p.flights[i]; f.id != 0 && f.track == t && f.kind >= m3u8.KindInit && !f.ahead {
			return f
		}
	}
	return nil
}

// prefetched returns the segment of a track that was asked for ahead of its
// turn, or nil.
func (p *Player) prefetched(t Track) *flight {
	for i := range p.flights {
		if f := &p.flights[i]; f.id != 0 && f.track == t && f.ahead {
			return f
		}
	}
	return nil
}

func (p *Player) byID(id FetchID) *flight {
	if id == 0 {
		return nil
	}
	for i := range p.flights {
		if f := &p.flights[i]; f.id == id && !f.held && !f.waits {
			return f
		}
	}
	return nil
}

// fetch asks for a URL. due is when that became due.
func (p *Player) fetch(k m3u8.Kind, tr Track, rendition int16, url string, r *m3u8.Range, due time.Duration) *flight {
	f := p.slot()
	p.nextID++
	*f = flight{id: p.nextID, kind: k, track: tr, rendition: rendition, level: p.main.level, due: due, sent: p.now, moved: p.now, look: Never}
	if !p.withhold(f, url, r) {
		p.request(f, url, r)
	}
	return f
}

// request has the driver make a fetch.
func (p *Player) request(f *flight, url string, r *m3u8.Range) {
	a := p.act(Fetch)
	a.Fetch, a.Kind, a.Track, a.Rendition, a.URL, a.Range = f.id, f.kind, f.track, int(f.rendition), url, r
	p.note(&Sample{Type: Requested, Fetch: f.id, Kind: f.kind, Track: f.track, Rendition: f.rendition, Pipeline: p.pipelineOf(int(f.rendition)), Due: f.due})
}

// slot is room for a fetch. Pointers to others do not outlive it.
func (p *Player) slot() *flight {
	for i := range p.flights {
		if p.flights[i].id == 0 {
			return &p.flights[i]
		}
	}
	n := len(p.flights)
	if n == MaxFetches {
		panic("player: more fetches in flight than a player may have")
	}
	if n == cap(p.flights) {
		less := p.flights
		p.flights = append(p.cfg.work.take(n), less...)
		p.cfg.work.give(less)
	}
	p.flights = append(p.flights, flight{})
	return &p.flights[n]
}

// settle gives the room for fetches back when there are none in flight: most players
// have none most of the time.
func (p *Player) settle() {
	for i := range p.flights {
		if p.flights[i].id != 0 {
			return
		}
	}
	p.cfg.work.give(p.flights)
	p.flights = nil
}

// rooms is how many sizes of room there are: for 2 fetches, which most players never
// exceed, 4 and 8.
const rooms = 3

var _ [2<<(rooms-1) - MaxFetches]struct{} // the largest is large enough

// take returns room for more than n fetches.
func (w *work) take(n int) []flight {
	size := bits.Len(uint(n) / 2)
	s := &w.spare[size]
	last := len(*s) - 1
	if last < 0 {
		return make([]flight, 0, 2<<size)
	}
	room := (*s)[last]
	*s = (*s)[:last]
	return room
}

// give takes room back.
func (w *work) give(room []flight) {
	if cap(room) == 0 {
		return
	}
	clear(room) // what it points to is of the past
	s := &w.spare[bits.Len(uint(cap(room))/2)-1]
	*s = append(*s, room[:0])
}

// drop abandons a fetch in flight.
func (p *Player) drop(f *flight) {
	if (p.caution == nil || p.caution.dropped(f.id)) && !f.held {
		p.act(Abandon).Fetch = f.id
	}
	f.id = 0
}

func (p *Player) dropSegment(t Track) {
	if f := p.chain(t); f != nil {
		p.drop(f)
	}
	for f := p.prefetched(t); f != nil; f = p.prefetched(t) {
		p.drop(f)
	}
}

// head takes the status line and headers of an answer.
func (p *Player) head(ev *Event) {
	f := p.byID(ev.Fetch)
	if f == nil {
		return
	}
	f.sent, f.firstByte, f.moved = ev.Sent, ev.FirstByte, ev.FirstByte
	f.size = max(ev.Size, 0)
	f.look = max(f.look, p.now)
}

// end takes a complete answer.
func (p *Player) end(ev *Event) {
	f := p.byID(ev.Fetch)
	if f == nil {
		return
	}
	f.sent, f.firstByte = ev.Sent, ev.FirstByte
	failure := NoFailure
	switch {
	case ev.Status < 200 || ev.Status > 299:
		failure = BadStatus
	case f.kind == m3u8.KindMultivariant && ev.Ladder == nil, f.kind == m3u8.KindMedia && ev.Media == nil:
		failure = BadBody
	case f.kind == m3u8.KindMedia:
		if odd := p.refuses(ev.Media); odd != nil {
			failure = BadBody
			refused := *ev
			refused.Problem = "the player refuses it: " + odd.Code.String() + " in line " + strconv.Itoa(odd.Line)
			ev = &refused
		}
	case f.kind >= m3u8.KindInit && f.unfit(ev):
		failure = NotMedia
	}
	done := *f
	f.id = 0
	p.answered(&done, ev, failure)
	switch {
	case done.orphan && failure == NoFailure:
		p.orphanEnded(&done, NoFailure)
		return
	case failure != NoFailure:
		p.trouble(&done, failure, ev.Status, ev.problem(failure))
		return
	case p.survey != nil && p.survey.probes == nil && p.visit(&done, ev.Media):
		return
	case p.survey != nil && p.survey.probes != nil && done.kind == m3u8.KindSegment:
		p.probed(&done, ev.Bytes)
		return
	case done.ahead: // its slot is still free
		f.id, f.held, f.bytes, f.moved = done.id, true, ev.Bytes, p.now
		if ev.Opening.Stamp.Known() {
			stamp := ev.Opening.Stamp
			f.stamp = &stamp
		}
		return
	}
	switch done.kind {
	case m3u8.KindMultivariant:
		p.join(ev.Ladder)
	case m3u8.KindMedia:
		p.playlist(&done, ev.Media)
	case m3u8.KindInit:
		t := p.track(done.track)
		u := using{init: done.seg.Map.URL, key: t.uses().key, scales: ev.Opening.Scales}
		if r := done.seg.Map.ByteRange; r != nil {
			u.initRange = *r
		}
		t.use(u)
	case m3u8.KindKey:
		t := p.track(done.track)
		u := t.uses()
		u.key = done.seg.Keys[0].URL
		t.use(u)
	case m3u8.KindSegment:
		p.appendSegment(&done, ev.Bytes, ev.Opening.Stamp)
	}
}

// refuses returns what the player does not accept in a media playlist, or
// nil.
func (p *Player) refuses(m *m3u8.Media) *m3u8.Finding {
	if len(m.Findings) == 0 {
		return nil
	}
	return m.Findings.Of(p.cfg.Profile.Refuses(m3u8.KindMedia))
}

// problem says in words what was wrong with an answer.
func (ev *Event) problem(failure Failure) string {
	if failure != NotMedia {
		return ev.Problem
	}
	is := ev.Content
	if is == content.Unseen {
		is = content.Empty // as announced
	}
	return "got " + is.String() + "; want media"
}

// unfit reports whether a body cannot be what was asked for.
func (f *flight) unfit(ev *Event) bool {
	if ev.Content == content.Unseen {
		return ev.Bytes == 0 && ev.Size == 0 // what has not been looked at may be announced as empty
	}
	encrypted := f.kind != m3u8.KindKey && f.seg != nil && len(f.seg.Keys) > 0 && strings.HasPrefix(f.seg.Keys[0].Method, "AES-")
	return ev.Content.Unfit(ev.Bytes, encrypted)
}

// failed takes the news that a fetch has no complete answer.
func (p *Player) failed(ev *Event) {
	f := p.byID(ev.Fetch)
	if f == nil {
		return
	}
	done := *f
	f.id = 0
	p.answered(&done, ev, ev.Failure)
	p.trouble(&done, ev.Failure, ev.Status, ev.Problem)
}

// answered records the end of a fetch.
func (p *Player) answered(f *flight, ev *Event, failure Failure) {
	if p.caution != nil {
		f.counted = p.caution.answered(f.id, failure, p.now)
	}
	s := Sample{Type: Answered, Fetch: f.id, Kind: f.kind, Track: f.track, Rendition: f.rendition,
		Pipeline: p.pipelineOf(int(f.rendition)), Status: int16(ev.Status), Failure: failure, Bytes: ev.Bytes,
		Due: f.due, Sent: f.sent, FirstByte: f.firstByte, Content: ev.Content, Reason: ev.problem(failure)}
	if f.kind == m3u8.KindMedia && failure == NoFailure && !f.orphan {
		t := p.track(f.track)
		if t.listed() && !p.changed(t.media, ev.Media) {
			s.Unchanged = p.now - t.changedAt
		}
		s.Final, s.MediaDuration, s.Sequence = ev.Media.EndList, ev.Media.Duration, ev.Media.MediaSequence
		if n := len(ev.Media.Segments); n > 0 {
			s.Sequence = ev.Media.Segments[n-1].Sequence + 1
		}
	}
	p.note(&s)
}

// timeouts ends fetches that took too long.
func (p *Player) timeouts() {
	for i := range p.flights {
		f := &p.flights[i]
		if f.id == 0 || p.now < p.deadline(f) {
			continue
		}
		done := *f
		p.answered(&done, &Event{}, Timeout)
		p.drop(f)
		p.trouble(&done, Timeout, 0, "")
		if p.state == over {
			return
		}
	}
}

// timeout is the bounds for a kind of fetch.
func timeout(t *Timeouts, k m3u8.Kind) *FetchTimeout {
	switch k {
	case m3u8.KindMultivariant:
		return &t.Multivariant
	case m3u8.KindMedia:
		return &t.Media
	case m3u8.KindInit:
		return &t.Init
	case m3u8.KindKey:
		return &t.Key
	}
	return &t.Segment
}

// deadline is when a fetch is given up.
func (p *Player) deadline(f *flight) time.Duration {
	r := timeout(&p.cfg.Profile.Timeouts, f.kind)
	if f.held || f.waits || r.NotOnLowest && f.kind >= m3u8.KindInit && p.ladder != nil &&
		p.ladder.Levels[f.level].Bandwidth <= p.ladder.Levels[p.lowestLevel()].Bandwidth {
		return Never
	}
	at := bound(p.length(&r.Total, f.track), f.sent)
	switch {
	case f.firstByte == 0:
		at = min(at, bound(p.length(&r.FirstByte, f.track), f.sent))
	case !r.Idle.Zero():
		if p.cfg.Progress != nil {
			if n := p.cfg.Progress(f.id); n > f.bytes {
				f.bytes, f.moved = n, p.now
			}
		}
		at = min(at, bound(p.length(&r.Idle, f.track), f.moved))
	}
	return at
}

// bound is when what may last for so long has to end; Never if there is no bound.
func bound(d, from time.Duration) time.Duration {
	if d > 0 && d < Never-from {
		return from + d
	}
	return Never
}

// flightWake is when a fetch in flight wants attention.
func (p *Player) flightWake(f *flight) time.Duration {
	at := p.deadline(f)
	if f.kind == m3u8.KindSegment && f.track == MainTrack && p.state != loading && !f.ahead && !f.waits {
		at = min(at, f.look)
	}
	return max(at, p.now)
}

// length is that of a span in the measure of a track's playlist, and of the segments of
// the main one.
func (p *Player) length(s *units.Span, t Track) time.Duration {
	if s.Target == 0 && s.Last == 0 {
		return s.Fixed // as most are
	}
	return p.measure(s, t)
}

func (p *Player) measure(s *units.Span, t Track) time.Duration {
	return s.Of(p.targetDuration(t), p.segmentDuration())
}

// targetDuration is that of a track's playlist; a guess before there is one.
func (p *Player) targetDuration(t Track) time.Duration {
	if m := p.track(t).media; m != nil && m.TargetDuration > 0 {
		return m.TargetDuration
	}
	if m := p.main.media; m != nil && m.TargetDuration > 0 {
		return m.TargetDuration
	}
	return 6 * time.Second // the duration that Apple recommends, until the playlist states its own
}
