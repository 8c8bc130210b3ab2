package fleet

import (
	"context"
	"fmt"
	"sync"
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

// session is one player on this machine. Only its goroutine, run, uses player, sink,
// flights and ladder.
type session struct {
	f       *Fleet
	arrival audience.Arrival
	cohort  *cohort
	player  *player.Player
	sink    Session
	client  *client.Client
	link    *shaper // nil = unlimited
	chaos   Chaos   // nil = none

	flights []*flight
	ended   []*flight // since the last step
	imports *m3u8.Multivariant
	ladder  *player.Ladder
	cmcd    *cmcdState    // nil = off
	named   string        // Hlsload-Viewer header; "" = none
	issued  time.Duration // time of the token

	in       *admitted // nil = the URL and credentials are those of all sessions
	passes   chan renewed
	renewAt  time.Duration
	renewals int
	lists    []listed

	notices chan notice
	rejoin  chan audience.Arrival // capacity 1: leave, then rejoin as this arrival
	linkMu  sync.Mutex

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

// newSession returns a session, ready for run.
func (f *Fleet) newSession(v audience.Arrival, in *admitted) *session {
	c := &f.cohorts[v.Cohort]
	s := &session{f: f, arrival: v, cohort: c, notices: make(chan notice, 4), rejoin: make(chan audience.Arrival, 1)}
	if !c.FaultsNone {
		s.chaos = f.cfg.Chaos
	}
	var url string
	if s.in = in; in != nil {
		url, s.passes = in.URL, make(chan renewed)
	} else {
		url = f.cfg.URL(&v)
	}
	if !c.Network.Unlimited() || s.chaos != nil && f.cfg.LinkFaults {
		tls := client.IsTLS(url)
		l := link.New(&c.Network, link.Transport{Conns: uint8(c.conns), TLS: tls, Multiplex: tls && c.profile.HTTP.HTTP2()}, v.Seed)
		s.link = newShaper(l, f.now)
	}
	if f.cfg.CMCD != CMCDOff {
		s.cmcd = &cmcdState{sid: cmcd.SID(f.cfg.Run, v.Player, v.Session)}
	}
	s.issued = f.now()
	s.renewAt = s.renewal(s.issued)
	if f.cfg.Named && !c.FaultsNone {
		s.named = fmt.Sprintf("%d %d %s", v.Player, s.issued, c.Name)
	}
	s.client = f.newClient(v.Player, c)
	s.player = player.New(player.Config{Profile: c.profile, URL: url, Seed: v.Seed, Epoch: f.cfg.Wall.UnixNano(), Public: f.cfg.Public, Cautious: f.cautious.Load(), Progress: s.progress}, f.now())
	s.player.Inherit(f.takeCaution(v.Player))
	s.sink = f.cfg.Join(f.now(), record.SessionInfo{Player: v.Player, Cohort: v.Cohort, Rejoin: v.Session > 1, Failed: v.Failed})
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

// run runs the player until it has left, or until the context ends, which cuts the
// session off.
func (s *session) run(ctx context.Context) (why audience.Why, next *audience.Arrival) {
	ctx, cancel := context.WithCancel(ctx)
	var fetches sync.WaitGroup
	defer func() {
		cancel()
		s.client.Close()
		fetches.Wait()
		s.client.Close() // connections that were being made
	}()
	s.relink()
	timer := time.NewTimer(0)
	defer timer.Stop()
	ev := player.Event{Type: player.Tick}
	for {
		why = s.step(ctx, &fetches, &ev)
		if s.player.Over() {
			return why, next
		}
		ev = player.Event{Type: player.Tick}
		at := min(s.player.Wake(), s.arrival.Leave, s.renewAt)
		timer.Reset(min(max(at-s.f.now(), 0), time.Hour))
		select {
		case n := <-s.notices:
			ev = s.event(n)
		case <-timer.C:
			switch now := s.f.now(); {
			case now >= s.arrival.Leave:
				ev.Type = player.Leave
			case now < s.renewAt:
			case s.f.cfg.Renew.Rejoin:
				if v, ok := s.f.audience.Reconnect(now, s.arrival, 0, 1); ok {
					ev.Type, next = player.Leave, &v
				}
			default:
				s.renew(ctx, &fetches)
			}
		case r := <-s.passes:
			s.usePass(r)
		case v := <-s.rejoin:
			ev.Type, next = player.Leave, &v
		case <-ctx.Done():
			return why, nil
		}
	}
}

// event is the player's event for a notice. A notice of an abandoned flight is a
// tick.
func (s *session) event(n notice) player.Event {
	for i, fl := range s.flights {
		if fl != n.fl {
			continue
		}
		if !n.end {
			return fl.head
		}
		s.flights = append(s.flights[:i], s.flights[i+1:]...)
		s.ended = append(s.ended, fl)
		fl.cancel()
		s.compare(fl)
		if l := fl.end.Ladder; l != nil {
			s.ladder, s.imports = l, fl.master
		}
		return fl.end
	}
	return player.Event{Type: player.Tick}
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
func (s *session) step(ctx context.Context, fetches *sync.WaitGroup, ev *player.Event) (why audience.Why) {
	if s.f.cautious.Load() {
		s.player.BeCautious()
	}
	out := actions.Get().(*[]player.Action)
	*out = s.player.Step(s.f.now(), ev, (*out)[:0])
	for i := range *out {
		switch a := &(*out)[i]; a.Type {
		case player.Fetch:
			s.begin(ctx, fetches, a)
		case player.Abandon:
			s.abandon(a.Fetch)
		case player.Note:
			s.note(&a.Sample)
			switch a.Sample.Type {
			case player.Fatal:
				why = audience.Fatal
			case player.Ended:
				why = audience.Finished
			}
		}
	}
	clear(*out) // release playlists and URLs
	actions.Put(out)
	clear(s.ended)
	s.ended = s.ended[:0]
	return why
}

// userAgent is the User-Agent of the next request.
func (s *session) userAgent() string {
	if s.f.cautious.Load() {
		return s.cohort.called
	}
	return s.cohort.profile.HTTP.UserAgent
}

// begin starts a fetch.
func (s *session) begin(ctx context.Context, fetches *sync.WaitGroup, a *player.Action) {
	ctx, cancel := context.WithCancel(ctx)
	fl := &flight{id: a.Fetch, kind: a.Kind, url: a.URL, list: a.Rendition, cancel: cancel, in: s.in}
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
	fetches.Go(func() {
		defer s.f.cfg.Guard()
		s.fetch(ctx, fl)
	})
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
		t.Pipeline = s.arrival.Entry // of the multivariant playlist
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
			fl.cancel()
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

// relink sets the link to what the net.* faults leave of it. It may be called from
// any goroutine.
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
