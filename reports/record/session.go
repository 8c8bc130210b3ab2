package record

import (
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/traffic"
)

// SessionInfo describes a session that begins.
type SessionInfo struct {
	Player uint64
	Cohort int  // index in Config.Cohorts
	Rejoin bool // the viewer is back
	Number int  // of this viewer's sessions, from 1; 0 = 1
	Failed bool // and their session before ended by an error
}

// Meta is what the driver knows about an answer and the player does not.
type Meta struct {
	cdn.Outcome
	Marks chaos.Marks // faults that touched the answer, directly or through a cache
	// URL identifies what was answered, by any hash; 0 = unknown. It is used to
	// recognise viewers that shared one request to the origin.
	URL  uint64
	Host string // that was asked; "" = unknown
	// Rewound means that a media playlist went back to an earlier media sequence
	// number.
	Rewound bool
	// Redirects is how many there were before the answer, each of them a request
	// to the CDN.
	Redirects int
}

type state uint8

const (
	joining state = iota
	playing
	stalled
	over
)

// startupLimit is how long a viewer waits for a first frame before the startup
// counts as failed (contract: 30 s).
const startupLimit = 30 * time.Second

// Session is what is known of one viewer. One goroutine at a time may use it.
type Session struct {
	shard  *shard
	Group  *Group
	totals *Totals // of the current phase set
	player uint64
	// faults are the faults that concern the session.
	faults   *faultRecord
	joined   time.Duration
	at       time.Duration // accounted for up to here
	since    time.Duration // of the state
	bitrate  int64         // of the last video appended
	buffered time.Duration // media appended and not played yet
	// stalledTo is up to when it was stalled, as the windows have it.
	stalledTo time.Duration

	renditions asking[uint64]

	// stalls says in which phases of which rules it stalled; Either follows.
	stalls [Either]Rules

	index     int32 // in shard.open
	row       int32 // in listed.sessions, or unlisted
	number    uint32
	piece     int32 // in Intervals
	joinPiece int32
	stallsAny [phases]bool
	kinds     asking[uint8] // m3u8.Kinds are fewer than 8
	pipeline  int8          // of the last video appended; -1 = none
	loading   int8          // of the last video asked for or appended
	state     state
	demuxed   bool
	control   bool
	standing  standing
	late      bool // it has waited for a first picture for longer than usual
	started   bool
	failed    bool // startup_failed
	everStall bool
	rejoin    bool
}

// Join begins a session. Its first sample (joined) need not be added.
func (c *Collector) Join(now time.Duration, info SessionInfo) *Session {
	s := new(Session)
	c.JoinAt(s, now, info)
	return s
}

// JoinAt is [Collector.Join] for a caller that has room for the session: s is
// overwritten, and must be unused or over.
func (c *Collector) JoinAt(s *Session, now time.Duration, info SessionInfo) {
	sh := c.shards[info.Player%uint64(len(c.shards))]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	co := c.course.Load()
	at := co.At(now)
	sp := co.Intervals[at].Set
	cohort := min(max(info.Cohort, 0), len(c.cfg.Cohorts)-1)
	*s = Session{
		shard: sh, player: info.Player, joined: now, at: now, since: now,
		piece: int32(at), joinPiece: int32(at), pipeline: -1, loading: -1, index: int32(len(sh.open)), rejoin: info.Rejoin,
		row: unlisted, number: uint32(max(info.Number, 1)),
		control: c.cfg.Cohorts[cohort].Control,
	}
	s.Group = sh.groupOf(GroupKey{Cohort: int16(cohort), Joined: sp})
	s.totals = s.Group.totals(sp)
	s.list()
	sh.open = append(sh.open, s)
	sh.Live.Started++
	sh.Live.Joining++
	row := sh.Rows.At(now)
	row.Joining++
	if s.rejoin {
		sh.Rejoined++
		if info.Failed {
			row.Lost--
		} else {
			row.Returned++
		}
	}
	s.Group.Open++
	for _, i := range co.Intervals[at].on {
		s.concern(co, i, true)
	}
	if c.cfg.Events != nil {
		c.cfg.Events.joined(s, now)
	}
	if c.cfg.Tap != nil {
		who := info
		c.cfg.Tap(Told{At: now, Session: s, Joined: &who})
	}
}

// Add records a sample; m accompanies an answer and may be nil. Samples must
// come in the order of their instants; what comes after the session's end is
// ignored.
func (s *Session) Add(sm *player.Sample, m *Meta) {
	s.shard.mu.Lock()
	if s.state != over {
		s.add(sm, m)
	}
	s.shard.mu.Unlock()
}

func (s *Session) add(sm *player.Sample, m *Meta) {
	c := s.shard.c
	if c.cfg.Tap != nil {
		told := Told{At: sm.At, Session: s, Sample: new(player.Sample)}
		*told.Sample = *sm
		if m != nil {
			told.Meta = new(Meta)
			*told.Meta = *m
		}
		c.cfg.Tap(told)
	}
	co := c.course.Load()
	if e := c.cfg.Events; e != nil && sm.Type != player.Joined {
		e.sample(s, sm, m)
	}
	s.advance(co, sm.At)
	for t := s.faults; t != nil; t = t.next {
		s.before(co, t, sm, m)
	}
	switch sm.Type {
	case player.Requested:
		s.requested(sm)
	case player.Answered:
		s.answered(sm, m)
		s.look(co, sm, m)
	case player.Evidence:
		if sm.Failure == player.Mismatch {
			s.contradicted(sm)
		}
	case player.Withheld:
		if sm.Kind < m3u8.Kinds {
			s.totals.kind(sm.Kind).Withheld++
		}
	case player.Appended:
		s.appended(sm)
	case player.Started:
		s.start(sm)
	case player.StallStart:
		s.stall(co, sm.At)
	case player.StallEnd:
		s.resume(sm)
	case player.Fatal, player.Left, player.Ended:
		s.end(co, sm.At, sm.Type)
		return
	}
	if s.faults != nil {
		for t := s.faults; t != nil; t = t.next {
			s.after(co, t, sm)
		}
		s.fold(co, sm.At)
	}
	s.stand(sm.At)
}

// advance accounts for the time up to now, interval by interval.
func (s *Session) advance(co *PhaseMap, now time.Duration) {
	for int(s.piece) >= len(co.Intervals) || s.piece > 0 && co.Intervals[s.piece].From > s.at {
		s.piece-- // the phases changed while this session was ahead
	}
	for int(s.piece)+1 < len(co.Intervals) && co.Intervals[s.piece+1].From <= now {
		next := &co.Intervals[s.piece+1]
		s.spend(co, next.From)
		s.piece++
		s.totals = s.Group.totals(next.Set)
		if s.state == stalled {
			s.markStalled(&co.Sets[next.Set])
		}
		for _, occ := range next.starts {
			s.supersede(co, occ)
			during := s.joined >= co.Occurrences[occ].Applied
			s.concern(co, occ, during)
			if !during && !s.control {
				s.shard.Watching[occ]++
			}
		}
	}
	s.spend(co, now)
}

// spend accounts for the time since s.at, in which nothing changed.
func (s *Session) spend(co *PhaseMap, now time.Duration) {
	d := now - s.at
	if d <= 0 {
		return
	}
	s.spendWindows(now)
	switch s.state {
	case playing:
		s.totals.Played += d
		s.buffered = max(0, s.buffered-d)
	case stalled:
		s.totals.Stalled += d
	case joining:
		if !s.failed && now-s.joined > startupLimit {
			s.failStartup(co, s.joined+startupLimit)
		}
		s.wait(now)
	}
	for t := s.faults; t != nil; t = t.next {
		t.spend(s, co, s.at, now)
	}
	s.at = now
}

func (s *Session) failStartup(co *PhaseMap, at time.Duration) {
	s.failed = true
	s.inWindow(windowedStartupFailed, m3u8.Kinds, at, 1, 1)
	s.totals.StartupFailed++
	s.Group.StartupFailed++
	s.Group.eachPhase(&co.Sets[co.Intervals[s.piece].Set], func(sl *PhaseCount) { sl.StartupFailed++ })
}

func (s *Session) requested(sm *player.Sample) {
	sh := s.shard
	if sm.Kind >= m3u8.Kinds {
		return
	}
	if sm.Track == player.AudioTrack {
		s.demuxed = true
	} else if sm.Kind == m3u8.KindMedia || sm.Kind == m3u8.KindSegment {
		s.loading = sm.Pipeline
	}
	s.totals.kind(sm.Kind).Count++
	s.inWindow(windowedRequests, sm.Kind, sm.At, 1, 1)
	s.inWindow(windowedErrors, sm.Kind, sm.At, 0, 1)
	sh.Live.Requests[sm.Kind]++
	if !s.control {
		sh.Traffic.Slot(sm.At).EdgeRequests++
	}
}

// contradicted counts an error for a playlist that contradicts its earlier
// version: the answer itself was no error and is counted already.
func (s *Session) contradicted(sm *player.Sample) {
	if sm.Kind >= m3u8.Kinds {
		return
	}
	s.totals.kind(sm.Kind).fail(sm)
	s.inWindow(windowedErrors, sm.Kind, sm.At, 1, 0)
	s.noteFailed(sm.At)
}

// noteFailed counts a failed request in the load and in the timeline.
func (s *Session) noteFailed(at time.Duration) {
	s.shard.Live.Errors++
	s.shard.Rows.At(at).Errors++
	if !s.control {
		s.shard.Traffic.Slot(at).Failed++
	}
}

func (s *Session) answered(sm *player.Sample, m *Meta) {
	if sm.Kind >= m3u8.Kinds {
		return
	}
	sh := s.shard
	k := s.totals.kind(sm.Kind)
	k.Answers++
	k.Bytes += sm.Bytes
	sh.Live.Answers++
	sh.Live.EdgeBytes += sm.Bytes
	if bad(sm) {
		k.fail(sm)
		s.inWindow(windowedErrors, sm.Kind, sm.At, 1, 0)
		s.noteFailed(sm.At)
	}
	firstByte := time.Duration(-1)
	if sm.FirstByte > 0 && sm.FirstByte >= sm.Sent {
		firstByte = sm.FirstByte - sm.Sent
		k.TTFB.Duration(firstByte)
		s.delayInWindow(windowedTTFB, sm.Kind, sm.At, firstByte)
		if !bad(sm) {
			k.Total.Duration(sm.At - sm.Sent)
		}
	}
	sh.delays.answered(sm.At, firstByte)
	if sm.Sent > 0 {
		k.Lag.Duration(sm.Sent - sm.Due)
		s.delayInWindow(windowedLag, sm.Kind, sm.At, sm.Sent-sm.Due)
		sh.lag.Duration(sm.Sent - sm.Due)
		row := sh.Rows.At(sm.Sent)
		row.Sent++
		if sm.Sent-sm.Due > sh.c.cfg.LagLimit {
			row.Late++
		}
	}
	if m != nil && m.Rewound {
		k.Rewound++
	}
	if s.control {
		return
	}
	slot := sh.Traffic.Slot(sm.At)
	slot.EdgeBytes += sm.Bytes
	if m == nil {
		return
	}
	slot.EdgeRequests += int64(m.Redirects)
	sh.Redirects += int64(m.Redirects)
	if m.Pop != "" {
		reports.Count(&sh.Traffic.ByPop, m.Pop, 1)
	}
	if m.Cache == cdn.CacheUnknown {
		if m.Odd.Name != "" {
			sh.Odd.add(&m.Odd)
		}
		return
	}
	sh.Headers = true
	sh.Traffic.ByLayer[min(m.Layer, cdn.Layers-1)]++
	if m.Cache < cdn.CacheRevalidated {
		return
	}
	fill := traffic.Fill{FillKey: traffic.FillKey{URL: m.URL, Pop: m.Pop}, Sent: sm.Sent, FirstByte: sm.FirstByte, Status: int(sm.Status), Bytes: sm.Bytes, Fetched: m.Fetched}
	if m.Cache == cdn.CacheRevalidated {
		fill.Bytes = 0
	}
	if m.URL != 0 && !m.Exact {
		sh.c.fills.Add(sm.At, fill)
		return
	}
	sh.Traffic.Fetch(&fill)
	sh.Live.OriginRequests++
}

// bad reports whether an answer was an error or never came.
func bad(sm *player.Sample) bool { return sm.Failure != player.NoFailure || sm.Status >= 400 }

// end closes the session. how is Fatal, Left or Ended; Joined stands for the end
// of the run.
func (s *Session) end(co *PhaseMap, at time.Duration, how player.SampleType) {
	sh, g := s.shard, s.Group
	sp := &co.Sets[co.Intervals[s.piece].Set]
	unfinished := false
	s.endInWindow(at, how)
	switch {
	case how == player.Fatal:
		s.totals.Fatal++
		g.Fatal++
		sh.Live.Fatal++
		g.eachPhase(sp, func(sl *PhaseCount) { sl.Fatal++ })
		if s.state == joining && !s.failed {
			s.failStartup(co, max(at-1, s.joined))
		}
		s.miss(at)
	case how == player.Left:
		g.Left++
	case how == player.Ended:
		g.Ended++
	case how == player.Joined && s.state == joining && !s.failed:
		unfinished = true
	case how == player.Joined && s.state == playing:
		sh.PlayingAtEnd++
		if s.standing == served {
			sh.Buffers.note(s.buffered)
		}
	}
	if s.state == stalled {
		s.stallOver(at)
	}
	s.listEnd(how)
	s.close(co, at, how, unfinished)
	if unfinished {
		g.Unfinished++
	} else {
		s.visit(co)
	}
	g.Sessions++
	if how == player.Joined {
		s.state = over // the timeline's last row counts it, and so does its group
	} else {
		g.Open--
		s.moveTo(-1, at)
		s.enter(over, at)
		if row := sh.Rows.At(at); how == player.Fatal {
			row.Lost++
		} else {
			row.Gone++
		}
		s.standAs(aside, at)
	}
	last := len(sh.open) - 1
	sh.open[s.index] = sh.open[last]
	sh.open[s.index].index = s.index
	sh.open[last] = nil
	sh.open = sh.open[:last]
	s.totals = nil
}

// visit counts the session, and whether it stalled, in every phase of every
// fault that it lived through.
func (s *Session) visit(co *PhaseMap) {
	var lived [phases]Rules
	var livedAny [phases]bool
	for i := s.joinPiece; i <= s.piece; i++ {
		sp := &co.Sets[co.Intervals[i].Set]
		lived[Baseline] |= sp.Baseline
		lived[During] |= sp.Fault
		lived[recovery] |= sp.Recovery
		for p := range phases {
			livedAny[p] = livedAny[p] || sp.In(-1, p)
		}
	}
	lived[Either] = lived[During] | lived[recovery]
	stalls := [phases]Rules{Baseline: s.stalls[Baseline], During: s.stalls[During], recovery: s.stalls[recovery], Either: s.stalls[During] | s.stalls[recovery]}
	for p := range phases {
		if livedAny[p] {
			s.Group.Phase(-1, p).visit(s.stallsAny[p])
		}
		for r := 0; lived[p]>>uint(r) != 0; r++ {
			if lived[p].has(r) {
				s.Group.Phase(r, p).visit(stalls[p].has(r))
			}
		}
	}
}
