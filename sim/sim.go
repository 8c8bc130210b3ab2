package sim

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/draw"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
	"hlsload/reports"
	"hlsload/rig"
)

// Config is what is simulated. Everything in it is shared and must not change.
type Config struct {
	Rig      rig.Config
	Seed     draw.Seed
	Epoch    time.Time // wall-clock instant of 0
	Duration time.Duration
	Audience audience.Config
	Profiles []*profile.Profile // by cohort
	HeadOnly bool               // segments are asked for with HEAD
	Faults   []chaos.Fault
	Timeline chaos.Timeline

	Collector *reports.Collector
	// Second, when set, is called once per second of the run. It may end the
	// run: the reason is not empty then.
	Second func(now time.Duration) (stop string)
}

// Result is what the collector does not know.
type Result struct {
	End      time.Duration // when the run ended
	Outcomes []chaos.Outcome
	Aborted  string // why the run ended early
	Stats    *rig.Stats
	Control  *rig.Stats // of the undisturbed twin; nil without one
}

// host is the name of the channel in URLs; nothing resolves it.
const host = "http://rig"

// sim is a simulation under way.
type sim struct {
	cfg       *Config
	now       time.Duration
	events    heap
	rig, twin *rig.Rig
	plan      *chaos.Plan
	conductor *chaos.Conductor
	audience  *audience.Audience
	rewriter  *chaos.Rewriter

	seats   []*seat
	free    []uint32 // seats
	flights []flight
	idle    []uint32 // flights
	live    int

	coming  []audience.Arrival // back, or in somebody's place
	lists   parses
	bitten  chaos.Marks // faults via viewer that were seen to act
	ladders map[ladderKey]*player.Ladder

	actions []player.Action
	moved   []link.Event
	stopped bool
}

// seat is where one session after another sits.
type seat struct {
	s       *sim
	player  *player.Player
	link    link.Link
	session *reports.Session
	arrival audience.Arrival
	wake    time.Duration // of its earliest entry in the queue
	index   uint32
	gen     uint32
	pop     int
	since   time.Duration
	control bool
	faulty  bool      // a fault holds its link
	breaks  bool      // it leaves to come back: nobody takes its place
	flights [4]uint32 // +1; 0 = none
}

// flight is a request under way.
type flight struct {
	rig    rig.Flight
	id     player.FetchID
	gen    uint32
	seat   uint32
	kind   m3u8.Kind
	thing  chaos.Thing
	url    string
	answer seen
	head   time.Duration // its first byte has arrived
	sent   time.Duration
}

// seen is an answer as the player sees it.
type seen struct {
	status  int
	size    int64 // of the body, as announced
	bytes   int64 // that really come
	failure player.Failure
	media   *m3u8.Media
	ladder  *player.Ladder
	problem string
	marks   chaos.Marks
	hang    bool
}

// Run simulates. The collector is fed but not finished.
func Run(cfg *Config) (*Result, error) {
	s := &sim{cfg: cfg, ladders: map[ladderKey]*player.Ladder{}, plan: chaos.NewPlan(cfg.Seed)}
	var err error
	if s.rig, err = rig.New(cfg.Rig, cfg.Seed, cfg.Epoch); err != nil {
		return nil, fmt.Errorf("simulation: %w", err)
	}
	for i := range cfg.Audience.Cohorts {
		if cfg.Audience.Cohorts[i].FaultsNone && s.twin == nil {
			if s.twin, err = rig.New(cfg.Rig, cfg.Seed, cfg.Epoch); err != nil {
				return nil, fmt.Errorf("simulation: twin: %w", err)
			}
		}
	}
	s.rewriter = chaos.NewRewriter(rewriting(cfg))
	meter := cfg.Collector.Meter()
	s.rig.Stats().OnOrigin = func(now time.Duration, _ m3u8.Kind, _, status int, bytes int64) { meter.Origin(now, status, bytes) }
	s.conductor = chaos.NewConductor(cfg.Faults, cfg.Timeline)
	s.audience = audience.New(&cfg.Audience, cfg.Seed)
	s.schedule(s.audience.Wake(), arrive, 0, 0)
	s.schedule(0, conduct, 0, 0)
	s.schedule(time.Second, second, 0, 0)
	s.loop()
	r := &Result{End: s.now, Outcomes: s.conductor.Outcomes(), Aborted: s.conductor.Aborted(), Stats: s.rig.Stats()}
	if s.twin != nil {
		r.Control = s.twin.Stats()
	}
	return r, nil
}

func (s *sim) schedule(at time.Duration, k kind, ref, gen uint32) {
	if at < player.Never {
		s.events.push(entry{at: max(at, s.now), kind: k, ref: ref, gen: gen})
	}
}

func (s *sim) loop() {
	for !s.stopped && len(s.events.e) > 0 {
		e := s.events.pop()
		s.now = e.at
		switch e.kind {
		case wakeSeat:
			// An entry that is not the seat's latest has been overtaken.
			if st := s.seats[e.ref]; st.gen == e.gen && st.wake == e.at {
				st.wake = player.Never
				s.attend(st)
			}
		case reach:
			if f := &s.flights[e.ref]; f.gen == e.gen {
				s.reach(e.ref, f)
			}
		case answer:
			if f := &s.flights[e.ref]; f.gen == e.gen {
				s.answer(e.ref, f)
			}
		case leave:
			if st := s.seats[e.ref]; st.gen == e.gen {
				s.step(st, &player.Event{Type: player.Leave})
				s.settle(st)
			}
		case arrive:
			s.arrivals()
		case comeback:
			a := s.coming[e.ref]
			s.coming[e.ref] = audience.Arrival{}
			s.sit(a)
		case conduct:
			s.conduct(chaos.Observation{Type: chaos.Tick})
		case second:
			s.tick()
		}
	}
}

// tick is called once per second.
func (s *sim) tick() {
	if s.cfg.Second != nil {
		if why := s.cfg.Second(s.now); why != "" {
			s.conduct(chaos.Observation{Type: chaos.Abort, Detail: why})
		}
	}
	s.schedule(s.now+time.Second, second, 0, 0)
}

func (s *sim) arrivals() {
	for s.audience.Wake() <= s.now {
		a, ok := s.audience.Next()
		if !ok {
			break
		}
		s.sit(a)
	}
	s.schedule(s.audience.Wake(), arrive, 0, 0)
}

// sit begins a session.
func (s *sim) sit(a audience.Arrival) {
	cohort := &s.cfg.Audience.Cohorts[a.Cohort]
	prof := s.cfg.Profiles[a.Cohort]
	var st *seat
	if n := len(s.free); n > 0 {
		st = s.seats[s.free[n-1]]
		s.free = s.free[:n-1]
	} else {
		st = &seat{s: s, index: uint32(len(s.seats))}
		s.seats = append(s.seats, st)
	}
	s.live++
	*st = seat{s: s, index: st.index, gen: st.gen + 1, arrival: a, wake: player.Never, control: cohort.FaultsNone,
		pop: a.PopOf(s.cfg.Rig.Edge.Pops), since: s.now}
	st.link = link.New(&cohort.Network, link.Transport{Conns: uint8(prof.HTTP.ConnectionsPerHost)}, a.Seed)
	st.session = s.cfg.Collector.Join(s.now, reports.SessionInfo{Player: a.Player, Cohort: a.Cohort, Profile: a.Cohort, Rejoin: a.Session > 1})
	st.player = player.New(player.Config{Profile: prof, URL: host + s.rig.Entry(a.Entry), Seed: a.Seed,
		Epoch: s.cfg.Epoch.UnixNano(), Progress: st.progress}, s.now)
	s.schedule(a.Leave, leave, st.index, st.gen)
	s.step(st, &player.Event{Type: player.Tick})
	s.settle(st)
}

// attend lets everything happen that is due at a seat.
func (s *sim) attend(st *seat) {
	for range 1000 {
		s.moved = st.link.Step(s.now, s.moved[:0])
		if len(s.moved) == 0 && (st.player == nil || st.player.Wake() > s.now) {
			break
		}
		moved := s.moved
		s.moved = nil // steps below may move the link again
		for i := range moved {
			s.happened(st, &moved[i])
		}
		s.moved = moved
		if st.player != nil && st.player.Wake() <= s.now {
			s.step(st, &player.Event{Type: player.Tick})
		}
	}
	s.settle(st)
}

// settle puts the seat into the queue for when it wants attention next.
func (s *sim) settle(st *seat) {
	if st.player == nil {
		return
	}
	if at := max(min(st.player.Wake(), st.link.Wake()), s.now); at < st.wake {
		st.wake = at
		s.schedule(at, wakeSeat, st.index, st.gen)
	}
}

// happened passes on what happened on a link.
func (s *sim) happened(st *seat, ev *link.Event) {
	ref, f := st.flight(player.FetchID(ev.ID))
	if f == nil {
		return
	}
	switch ev.Type {
	case link.Reach:
		s.schedule(ev.At, reach, ref, f.gen)
	case link.Head:
		f.head = ev.At
		if f.answer.failure != player.Reset {
			s.step(st, &player.Event{Type: player.Head, Fetch: f.id, Status: f.answer.status, Size: f.answer.size, Sent: f.sent, FirstByte: ev.At})
		}
	case link.Complete:
		e := player.Event{Type: player.End, Fetch: f.id, Status: f.answer.status, Bytes: f.answer.bytes, Size: f.answer.size,
			Sent: f.sent, FirstByte: f.head, Media: f.answer.media, Ladder: f.answer.ladder, Problem: f.answer.problem}
		if f.answer.failure != player.NoFailure {
			e.Type, e.Failure = player.Failed, f.answer.failure
		}
		s.step(st, &e)
	}
}

func (st *seat) flight(id player.FetchID) (uint32, *flight) {
	for _, r := range st.flights {
		if r != 0 {
			if f := &st.s.flights[r-1]; f.id == id {
				return r - 1, f
			}
		}
	}
	return 0, nil
}

// progress is how much of a body has arrived.
func (st *seat) progress(id player.FetchID) int64 { return st.link.Progress(st.s.now, uint32(id)) }

// step tells the player and carries out what it wants.
func (s *sim) step(st *seat, ev *player.Event) {
	if st.player == nil {
		return
	}
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
			st.link.Abandon(s.now, uint32(a.Fetch))
			if ref, f := st.flight(a.Fetch); f != nil {
				s.rigOf(st).Abort(s.now, &f.rig)
				s.land(st, ref)
			}
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
	}
}

// note records a sample; an answer comes with what the player does not know.
func (s *sim) note(st *seat, sm *player.Sample) {
	if sm.Type != player.Answered {
		st.session.Add(sm, nil)
		return
	}
	ref, f := st.flight(sm.Fetch)
	if f == nil {
		st.session.Add(sm, nil)
		return
	}
	m := reports.Meta{Marks: f.answer.marks | f.rig.Answer.Marks, Cache: cacheOf(&f.rig.Answer)}
	st.session.Add(sm, &m)
	if sm.Failure != player.Mismatch {
		s.land(st, ref)
	}
}

// cacheOf is what the answer's headers would tell.
func cacheOf(a *rig.Answer) reports.Cache {
	switch {
	case a.Status == 0:
		return reports.CacheUnknown
	case a.Upstream != rig.NoLayer && a.XCache == rig.RefreshHit:
		return reports.CacheRevalidated
	case a.Upstream != rig.NoLayer:
		return reports.CacheMiss
	case a.Collapsed:
		return reports.CacheJoined
	}
	return reports.CacheHit
}

// rise ends a session; somebody else may take the place.
func (s *sim) rise(st *seat, why audience.Why) {
	for _, r := range st.flights {
		if r != 0 {
			s.land(st, r-1)
		}
	}
	a, breaks := st.arrival, st.breaks
	st.player, st.session = nil, nil
	st.gen++
	s.live--
	s.free = append(s.free, st.index)
	if breaks {
		return
	}
	if next, ok := s.audience.Ended(s.now, a, why); ok {
		s.later(next)
	}
}

// rigOf is the channel that a seat watches.
func (s *sim) rigOf(st *seat) *rig.Rig {
	if st.control {
		return s.twin
	}
	return s.rig
}

// fetch starts a request.
func (s *sim) fetch(st *seat, a *player.Action) {
	var ref uint32
	if n := len(s.idle); n > 0 {
		ref = s.idle[n-1]
		s.idle = s.idle[:n-1]
	} else {
		ref = uint32(len(s.flights))
		s.flights = append(s.flights, flight{})
	}
	f := &s.flights[ref]
	path, _ := strings.CutPrefix(a.URL, host)
	*f = flight{gen: f.gen, id: a.Fetch, seat: st.index, kind: a.Kind, url: a.URL, sent: s.now}
	f.rig = rig.Flight{Path: path, Pop: st.pop, Cohort: s.cfg.Audience.Cohorts[st.arrival.Cohort].Name, Viewer: st.arrival.Player, HasViewer: true}
	if a.Kind == m3u8.KindSegment && s.cfg.HeadOnly {
		f.rig.Method = "HEAD"
	}
	if r := a.Range; r != nil {
		f.rig.Range = fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1)
	}
	for i := range st.flights {
		if st.flights[i] == 0 {
			st.flights[i] = ref + 1
			break
		}
	}
	s.linkFaults(st, f)
	if at := st.link.Start(s.now, uint32(a.Fetch), 0); at != link.Never {
		s.schedule(at, reach, ref, f.gen)
	}
}

// land frees a flight.
func (s *sim) land(st *seat, ref uint32) {
	for i := range st.flights {
		if st.flights[i] == ref+1 {
			st.flights[i] = 0
		}
	}
	f := &s.flights[ref]
	*f = flight{gen: f.gen + 1}
	s.idle = append(s.idle, ref)
}

// baseURL is what URLs in playlists are relative to.
func baseURL(path string) *url.URL {
	u, err := url.Parse(host + path)
	if err != nil {
		return nil // the channel's own paths parse
	}
	return u
}
