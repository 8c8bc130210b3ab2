package fleet

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/cmcd"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/reports/record"
	"hlsload/run/client"
)

// session is one player on this machine. It has no goroutine of its own: what has an
// event for the player (a fetch, a timer) takes the lock, gives the player the event, and
// carries on with what the player wants next. So a request costs one goroutine, and no
// hand-over from one to another.
type session struct {
	f       *Fleet
	arrival audience.Arrival
	cohort  *cohort
	client  *client.Client
	link    *shaper // nil = unlimited
	chaos   Chaos   // nil = none

	span   span // of what it asks of others
	timer  *time.Timer
	spared bool // over before the fleet cut it off; under f.mu

	gone    atomic.Bool // it is not counted any more
	mu      sync.Mutex  // of what follows
	running int         // goroutines at work
	due     int         // goroutines that the timer or the end of the fleet will start, or has started
	over    bool
	why     audience.Why
	next    *audience.Arrival // that the viewer rejoins as

	player  *player.Player
	sink    Session
	flights []*flight
	ended   []*flight // since the last step
	imports *m3u8.Multivariant
	ladder  *player.Ladder
	cmcd    *cmcdState    // nil = off
	named   string        // Hlsload-Viewer header; "" = none
	issued  time.Duration // time of the token

	in       *admitted // nil = the URL and credentials are those of all sessions
	renewAt  time.Duration
	renewals int
	lists    []listed

	linkMu sync.Mutex

	// The net.* faults on the link, under linkMu: those that are on, and those that
	// were on until the last change.
	marks, before chaos.Marks
	changed       time.Duration
}

// listed is the last media sequence number of a rendition.
type listed struct {
	rendition int
	sequence  uint64
}

// newSession returns a session, ready to begin.
func (f *Fleet) newSession(v audience.Arrival, in *admitted) *session {
	c := &f.cohorts[v.Cohort]
	s := &session{f: f, arrival: v, cohort: c}
	if !c.FaultsNone {
		s.chaos = f.cfg.Chaos
	}
	var url string
	if s.in = in; in != nil {
		url = in.URL
	} else {
		url = f.cfg.URL(&v)
	}
	on := f.cfg.Audience.Link(&v)
	if !on.Unlimited() || s.chaos != nil && f.cfg.LinkFaults {
		tls := client.IsTLS(url)
		l := link.New(on, link.Transport{Conns: uint8(c.conns), TLS: tls, Multiplex: tls && c.profile.HTTP.HTTP2()}, v.Seed)
		s.link = newShaper(l, f.now)
	}
	if f.cfg.CMCD != CMCDOff {
		s.cmcd = &cmcdState{sid: cmcd.SID(f.cfg.Run, v.Player, int(v.Session))}
	}
	s.issued = f.now()
	s.renewAt = s.renewal(s.issued)
	if f.cfg.Named && !c.FaultsNone {
		s.named = fmt.Sprintf("%d %d %s", v.Player, s.issued, c.Name)
	}
	s.client = f.newClient(v.Player, c, on)
	s.player = player.New(player.Config{Profile: c.profile, URL: url, Seed: v.Seed, Epoch: f.cfg.Wall.UnixNano(), Public: f.cfg.Public, Cautious: f.cautious.Load(), Progress: s.progress}, f.now())
	s.player.Inherit(f.takeCaution(v.Player))
	s.sink = f.cfg.Join(f.now(), record.SessionInfo{Player: v.Player, Cohort: int(v.Cohort), Rejoin: v.Session > 1, Number: int(v.Session), Failed: v.Failed})
	return s
}

// progress is how many bytes of a fetch have arrived, for the player.
func (s *session) progress(id player.FetchID) int64 {
	for _, fl := range s.flights {
		if fl.id == id {
			return fl.progress(s.link)
		}
	}
	return 0
}

// play begins the session, and carries its first fetches. The session lasts until the player
// has left, or until the fleet's context ends, which cuts it off; it may go on when play returns. s.mu must be
// held, so that others who find the session wait until it has begun; play unlocks it.
func (s *session) play() {
	s.carryOn(s.first())
}

// first gives the player its first event, and unlocks s.mu.
func (s *session) first() []*flight {
	defer s.mu.Unlock()
	s.running++
	s.due++
	s.f.register(s)
	s.relink()
	s.timer = time.AfterFunc(time.Hour, s.tick)
	s.due++
	return s.advance(&player.Event{Type: player.Tick}, true)
}

// work is what a goroutine of the session does. A panic that the guard recovers from ends
// the session: nothing more can be said of its player.
func (s *session) work(f func()) {
	ok := false
	defer func() {
		if !ok {
			s.breakOff()
		}
	}()
	defer s.f.cfg.Guard()
	f()
	ok = true
}

// breakOff ends a session of which nothing more is known.
func (s *session) breakOff() {
	s.mu.Lock()
	s.end()
	s.mu.Unlock()
	s.f.forget(s)
}

// carryOn carries fetches, the first of them on this goroutine, and what follows from their
// ends. It is the last thing that a goroutine of the session does.
func (s *session) carryOn(begun []*flight) {
	for len(begun) > 0 {
		s.launch(begun[1:])
		fl := begun[0]
		s.fetch(fl)
		begun = fl.begun
	}
	s.leave()
}

// launch carries fetches on goroutines of their own, which are counted already.
func (s *session) launch(begun []*flight) {
	for _, fl := range begun {
		go s.work(func() { s.carryOn([]*flight{fl}) })
	}
}

// leave ends a goroutine of the session. The last one ends the session.
func (s *session) leave() {
	s.mu.Lock()
	s.running--
	s.unlock()
}

// unlock unlocks s.mu, and ends a session that is over and has no goroutine any more.
func (s *session) unlock() {
	last := s.over && s.running == 0 && s.due == 0
	s.mu.Unlock()
	if last {
		s.client.Close() // connections that were being made
		s.f.left(s)
	}
}

// tick is called by the timer.
func (s *session) tick() {
	s.work(func() {
		s.mu.Lock()
		s.due--
		if s.over {
			s.unlock()
			return
		}
		s.running++
		s.carryOn(s.pass())
	})
}

// pass does what is due, and unlocks s.mu.
func (s *session) pass() (begun []*flight) {
	defer s.mu.Unlock()
	ev := player.Event{Type: player.Tick}
	switch now := s.f.now(); {
	case now >= s.arrival.Leave:
		ev.Type = player.Leave
	case now < s.renewAt:
	case s.f.cfg.Renew.Rejoin:
		if v, ok := s.f.audience.Reconnect(now, s.arrival, 0, 1); ok {
			ev.Type, s.next = player.Leave, &v
		}
	default:
		s.renew()
	}
	return s.advance(&ev, true)
}

// rejoin makes the viewer leave and come back as another arrival.
func (s *session) rejoin(v audience.Arrival) {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return
	}
	s.running++
	s.next = &v
	s.carryOn(s.give(&player.Event{Type: player.Leave}, true))
}

// give gives the player an event, and unlocks s.mu.
func (s *session) give(ev *player.Event, here bool) []*flight {
	defer s.mu.Unlock()
	return s.advance(ev, here)
}

// cut ends the session with the fleet, on a goroutine of its own.
func (s *session) cut() {
	defer s.f.cfg.Guard()
	s.mu.Lock()
	s.due--
	s.end()
	s.unlock()
}

// end ends the session: no event reaches the player any more. s.mu must be held.
func (s *session) end() {
	if s.over {
		return
	}
	s.over = true
	s.span.end()
	for _, fl := range s.flights {
		fl.stop()
	}
	if s.timer != nil { // else it has not begun
		s.disarm()
		if s.f.spare(s) {
			s.due--
		}
	}
	s.client.Close()
}

// disarm stops the timer. s.mu must be held.
func (s *session) disarm() {
	if s.timer.Stop() {
		s.due--
	}
}

// advance gives the player an event, and returns the fetches that it begins. They are
// counted as goroutines; with here, this goroutine carries the first. s.mu must be held.
func (s *session) advance(ev *player.Event, here bool) (begun []*flight) {
	begun = s.step(ev)
	if s.player.Over() {
		s.end()
		return nil
	}
	n := len(begun)
	if here && n > 0 {
		n--
	}
	s.running += n
	at := min(s.player.Wake(), s.arrival.Leave, s.renewAt)
	s.disarm()
	s.due++
	s.timer.Reset(min(max(at-s.f.now(), 0), time.Hour))
	return begun
}

// notify gives the head or the end of a flight to the player, unless the fetch was abandoned.
func (s *session) notify(ctx context.Context, fl *flight, end bool) bool {
	s.mu.Lock()
	if s.over || !slices.Contains(s.flights, fl) {
		s.mu.Unlock()
		return false
	}
	ev := s.event(fl, end)
	begun := s.give(&ev, end)
	if end {
		fl.begun = begun
		return true
	}
	s.launch(begun)
	return ctx.Err() == nil
}

// event is the player's event for the head or the end of a flight.
func (s *session) event(fl *flight, end bool) player.Event {
	if !end {
		return fl.head
	}
	s.flights = slices.DeleteFunc(s.flights, func(o *flight) bool { return o == fl })
	s.ended = append(s.ended, fl)
	fl.span.end()
	s.compare(fl)
	if l := fl.end.Ladder; l != nil {
		s.ladder, s.imports = l, fl.master
	}
	return fl.end
}

// compare sets rewound if a media playlist went back to an earlier media sequence
// number, which rfc8216bis 6.2.2 forbids.
func (s *session) compare(fl *flight) {
	m := fl.end.Media
	if m == nil {
		return
	}
	for i := range s.lists {
		if l := &s.lists[i]; l.rendition == fl.list {
			fl.rewound = m.MediaSequence < l.sequence
			l.sequence = m.MediaSequence
			return
		}
	}
	s.lists = append(s.lists, listed{fl.list, m.MediaSequence})
}

var actions = sync.Pool{New: func() any { return new([]player.Action) }}

// step gives the player an event and performs its actions.
func (s *session) step(ev *player.Event) (begun []*flight) {
	if s.f.cautious.Load() {
		s.player.BeCautious()
	}
	out := actions.Get().(*[]player.Action)
	*out = s.player.Step(s.f.now(), ev, (*out)[:0])
	for i := range *out {
		switch a := &(*out)[i]; a.Type {
		case player.Fetch:
			begun = append(begun, s.begin(a))
		case player.Abandon:
			s.abandon(a.Fetch)
		case player.Note:
			s.note(&a.Sample)
			switch a.Sample.Type {
			case player.Fatal:
				s.why = audience.Fatal
			case player.Ended:
				s.why = audience.Finished
			}
		}
	}
	clear(*out) // release playlists and URLs
	actions.Put(out)
	clear(s.ended)
	s.ended = s.ended[:0]
	return begun
}

// userAgent is the User-Agent of the next request.
func (s *session) userAgent() string {
	if s.f.cautious.Load() {
		return s.cohort.called
	}
	return s.cohort.profile.HTTP.UserAgent
}

// begin makes the flight of a fetch.
func (s *session) begin(a *player.Action) *flight {
	fl := &flight{id: a.Fetch, kind: a.Kind, url: a.URL, list: a.Rendition, in: s.in}
	fl.request = client.Request{Method: "GET", URL: fl.in.pass().Wire(a.URL), UserAgent: s.userAgent(), Range: a.Range, Headers: s.f.cfg.Headers}
	if fl.in != nil {
		fl.request.Credentials = fl.in.creds
	}
	switch a.Kind {
	case m3u8.KindMultivariant:
		fl.request.Gzip = true
	case m3u8.KindMedia:
		fl.request.Gzip = true
		fl.imports = s.imports
	case m3u8.KindSegment:
		if s.f.cfg.NoBodies {
			fl.request.Method = "HEAD"
		}
	}
	fl.request.Viewer = s.named
	if s.f.cfg.Held && !s.cohort.FaultsNone {
		fl.request.Held = fl.mark
	}
	if s.cmcd != nil {
		s.addCMCD(fl, a)
	}
	if s.chaos != nil {
		fl.thing = s.thing(a)
		fl.asked = s.f.now()
		fl.mark(s.linkFaults(fl.asked))
	}
	if s.link != nil {
		fl.transfer.Store(s.link.start(uint32(fl.id), client.HostPart(a.URL)))
	}
	s.flights = append(s.flights, fl)
	return fl
}

// cmcdState is the state of a session's CMCD.
type cmcdState struct {
	sid    string
	stalls int // reported so far
}

// addCMCD adds the player's CMCD to a fetch.
func (s *session) addCMCD(fl *flight, a *player.Action) {
	r := s.player.Report(a)
	r.Session = s.cmcd.sid
	r.Starved = s.player.Stalls() > s.cmcd.stalls
	s.cmcd.stalls = s.player.Stalls()
	if s.f.cfg.CMCD == CMCDHeader {
		fl.request.CMCD = &r
		return
	}
	fl.request.URL = string(r.AppendQuery(nil, fl.request.URL))
}

// thing describes a fetch for chaos.
func (s *session) thing(a *player.Action) chaos.Thing {
	t := s.viewer(a.Kind)
	if s.ladder == nil || a.Rendition < 0 || a.Rendition >= len(s.ladder.Renditions) {
		t.Pipeline = int(s.arrival.Entry) // of the multivariant playlist
		return t
	}
	r := &s.ladder.Renditions[a.Rendition]
	t.Pipeline, t.Rendition, t.Renditions, t.Name, t.Rank = r.Pipeline, r.Index, s.ladder.Ranks, r.Name, r.Rank
	return t
}

// viewer describes a request of this viewer for chaos.
func (s *session) viewer(kind m3u8.Kind) chaos.Thing {
	t := chaos.NewThing(kind, chaos.Any)
	t.By(s.cohort.Name, s.arrival.Player, s.issued)
	return t
}

func (s *session) abandon(id player.FetchID) {
	for i, fl := range s.flights {
		if fl.id == id {
			fl.stop()
			if r := fl.transfer.Load(); r != nil {
				s.link.leave(r) // before another fetch of this step uses the link
			}
			s.flights = append(s.flights[:i], s.flights[i+1:]...)
			s.ended = append(s.ended, fl)
			return
		}
	}
}

// note passes a sample on.
func (s *session) note(sm *player.Sample) {
	if sm.Reason != "" {
		sm.Reason = s.f.cfg.Redact(s.in.hide(sm.Reason))
	}
	if sm.Type != player.Answered {
		s.sink.Add(sm, nil)
		return
	}
	m := record.Meta{}
	for _, list := range [...][]*flight{s.ended, s.flights} {
		for _, fl := range list {
			if fl.id == sm.Fetch {
				fl.mark(s.linkFaults(fl.asked))
				m = fl.known()
			}
		}
	}
	s.sink.Add(sm, &m)
}

// linkFaults are the net.* faults that have been on the link since an instant.
func (s *session) linkFaults(since time.Duration) chaos.Marks {
	s.linkMu.Lock()
	defer s.linkMu.Unlock()
	if since < s.changed {
		return s.marks | s.before
	}
	return s.marks
}

// relink sets the link to what the net.* faults leave of it. s.mu must be held.
func (s *session) relink() {
	if s.link == nil || s.chaos == nil {
		return
	}
	t := s.viewer(0) // the link does not depend on the kind of request
	s.linkMu.Lock()
	defer s.linkMu.Unlock()
	now := s.f.now()
	down, extra, cut, marks := s.chaos.Link(now, &t)
	if marks != s.marks {
		s.marks, s.before, s.changed = marks, s.marks, now
	}
	s.link.setFault(down, extra, cut)
}
