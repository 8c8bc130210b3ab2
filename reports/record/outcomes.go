package record

import (
	"math"
	"slices"
	"sync"
	"time"

	"hlsload/player"
	"hlsload/reports/players"
)

// rolls are what became of each viewer. The rows are in the shards. Where there would
// be too many, only those of a sample of the players stay.
type rolls struct{ sessions, effects sample }

// sample is of which players rows are kept. What it comes to in the end does not depend
// on the order in which rows come.
type sample struct {
	mu     sync.Mutex
	most   int // rows
	share  int // see players.Table
	rows   int // of players in the sample
	counts [players.Shares]int
}

// newRolls keeps at most so many rows of each kind; nil = none at all.
func newRolls(most int) *rolls {
	if most <= 0 {
		return nil
	}
	o := new(rolls)
	for _, s := range []*sample{&o.sessions, &o.effects} {
		s.most, s.share = most, players.Shares
	}
	return o
}

// take counts a row of a player, and reports whether it is in the sample so far.
func (s *sample) take(player uint64) bool {
	bucket := players.Bucket(player)
	s.mu.Lock()
	defer s.mu.Unlock()
	if bucket >= s.share {
		return false
	}
	s.counts[bucket]++
	s.rows++
	for s.rows > s.most {
		s.share--
		s.rows -= s.counts[s.share]
	}
	return bucket < s.share
}

// now is the share so far. It never grows.
func (s *sample) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.share
}

// listed are the rows of a shard. Those of players who fell out of the sample stay for a
// while.
type listed struct {
	sessions []players.Session // Bitrate is how many kbit were appended, until the session's end
	effects  []players.Effect
	room     struct{ sessions, effects int } // for so many rows, before those that fell out are removed
}

// unlisted is the row of a session without one.
const unlisted = -1

// fewRows are never too many.
const fewRows = 1 << 6

// list begins the row of a session, if there is to be one.
func (s *Session) list() {
	o := s.shard.c.outcomes
	if o == nil || !o.sessions.take(s.player) {
		return
	}
	l := &s.shard.listed
	if len(l.sessions) >= max(l.room.sessions, fewRows) {
		s.shard.pruneSessions(o.sessions.now())
		l.room.sessions = len(l.sessions) + len(l.sessions)/4
	}
	s.row = int32(len(l.sessions))
	l.sessions = append(l.sessions, players.Session{Player: s.player, Number: s.number, Cohort: s.Group.Key.Cohort, Joined: players.SpanOf(s.joined), Startup: players.Never})
}

// pruneSessions removes the rows of players who are not in the sample any more.
func (sh *shard) pruneSessions(share int) {
	if share == players.Shares {
		return
	}
	l := &sh.listed
	moved, n := make([]int32, len(l.sessions)), int32(0)
	for i := range l.sessions {
		moved[i] = unlisted
		if players.Bucket(l.sessions[i].Player) < share {
			l.sessions[n], moved[i] = l.sessions[i], n
			n++
		}
	}
	l.sessions = l.sessions[:n]
	for _, s := range sh.open {
		if s.row != unlisted {
			s.row = moved[s.row]
		}
	}
}

// listStart notes the startup time.
func (s *Session) listStart(d time.Duration) {
	if s.row != unlisted {
		s.shard.listed.sessions[s.row].Startup = players.SpanOf(d)
	}
}

// listMedia notes media that was appended.
func (s *Session) listMedia(sm *player.Sample) {
	if s.row == unlisted || sm.Bitrate <= 0 {
		return
	}
	r := &s.shard.listed.sessions[s.row]
	r.Media = r.Media.Add(players.SpanOf(sm.MediaDuration))
	kbit := uint64(r.Bitrate) + uint64(sm.Bitrate)*uint64(max(sm.MediaDuration, 0)/time.Millisecond)/1e6
	r.Bitrate = uint32(min(kbit, math.MaxUint32))
}

// listStall notes a stall that is over.
func (s *Session) listStall(d time.Duration) {
	if s.row == unlisted {
		return
	}
	r := &s.shard.listed.sessions[s.row]
	r.Stalls = uint16(min(int(r.Stalls)+1, math.MaxUint16))
	r.Stalled = r.Stalled.Add(players.SpanOf(d))
}

// listEnd completes the row. The session is still in the state in which it ends.
func (s *Session) listEnd(how player.SampleType) {
	if s.row == unlisted {
		return
	}
	r := &s.shard.listed.sessions[s.row]
	s.row = unlisted
	if r.StartupFailed = s.failed; !s.started && !s.failed {
		r.Startup = players.Unknown // the run ended, or the viewer left, before it had to come
	}
	switch {
	case how == player.Fatal:
		r.How = players.Fatal
	case how == player.Left:
		r.How = players.Left
	case how == player.Ended:
		r.How = players.Ended
	case s.state == stalled:
		r.How = players.Stalled
	case s.state == joining:
		r.How = players.Waiting
	}
	if r.Media > 0 {
		const units = 10 // of Media in a millisecond
		r.Bitrate = uint32(min(uint64(r.Bitrate)*1e6*units/uint64(r.Media), math.MaxUint32))
	}
}

// whose says which session a record is of.
type whose struct {
	player uint64
	number uint32
	cohort int16
}

func (s *Session) whose() whose { return whose{s.player, s.number, s.Group.Key.Cohort} }

// listEffect adds the row of what a fault did to a session. Nothing else is known of one
// that left, or was cut by the end of the run before it had to start.
func (sh *shard) listEffect(w whose, t *faultRecord, result players.Result, how player.SampleType, longer bool) {
	o := sh.c.outcomes
	if o == nil || !o.effects.take(w.player) {
		return
	}
	l := &sh.listed
	if len(l.effects) >= max(l.room.effects, fewRows) {
		if share := o.effects.now(); share < players.Shares {
			l.effects = slices.DeleteFunc(l.effects, func(e players.Effect) bool { return players.Bucket(e.Player) >= share })
		}
		l.room.effects = len(l.effects) + len(l.effects)/4
	}
	e := players.Effect{Player: w.player, Number: w.number, Occurrence: t.occ, Cohort: w.cohort, Result: result, Detection: players.Unknown, Failover: players.Unknown, Outage: players.Unknown}
	flag := func(f players.Flags, on bool) {
		if on {
			e.Flags |= f
		}
	}
	flag(players.During, t.joinedDuring)
	flag(players.Flapped, t.flapped)
	flag(players.GaveUp, how == player.Fatal)
	flag(players.Longer, longer)
	if result != players.Gone && result != players.Unfinished {
		since := func(at time.Duration) players.Span {
			if at < 0 {
				return players.Never
			}
			return players.SpanOf(at - t.since)
		}
		e.Detection, e.Failover, e.Outage = since(t.detected), since(t.failover), players.SpanOf(t.outage)
	}
	l.effects = append(l.effects, e)
}

// Outcomes is what became of each viewer, with at most Config.Outcomes rows of each kind;
// nil = it was not to be kept. Call it once, after [Collector.Finish].
func (c *Collector) Outcomes() *players.Table {
	o := c.outcomes
	if o == nil {
		return nil
	}
	t := &players.Table{SessionShare: o.sessions.now(), EffectShare: o.effects.now()}
	for i := range c.cfg.Cohorts {
		t.Cohorts = append(t.Cohorts, players.Cohort{Name: c.cfg.Cohorts[i].Name, Profile: c.cfg.Cohorts[i].Profile})
	}
	for i := range c.cfg.Faults {
		t.Occurrences = append(t.Occurrences, players.Occurrence{Fault: c.cfg.Faults[i].Name, Number: c.cfg.Faults[i].Occurrence})
	}
	t.Sessions, t.Effects = make([]players.Session, 0, o.sessions.rows), make([]players.Effect, 0, o.effects.rows)
	for _, sh := range c.shards {
		sh.mu.Lock()
		for i := range sh.listed.sessions {
			if r := &sh.listed.sessions[i]; players.Bucket(r.Player) < t.SessionShare {
				t.Sessions = append(t.Sessions, *r)
			}
		}
		for i := range sh.listed.effects {
			if r := &sh.listed.effects[i]; players.Bucket(r.Player) < t.EffectShare {
				t.Effects = append(t.Effects, *r)
			}
		}
		sh.listed = listed{}
		sh.mu.Unlock()
	}
	t.Sort()
	return t
}
