package record

import (
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/players"
)

// faultRecord is what one occurrence of a fault does to one session. It exists for
// every session that lives through the onset or joins during the window,
// because the time before the first touched answer counts too. It fills 80 bytes.
type faultRecord struct {
	next   *faultRecord
	totals *FaultTotals // nil until affected
	occ    int32

	rendition int16 // of the last touched answer, -1 = none
	steps     uint16
	looks     uint16 // requests for a faulty playlist after the failover

	good         uint8 // tracks that got media of something not under the fault, as bits
	joinedDuring bool
	moved        bool // some track got media of something healthy
	decided      bool // failed over and playing again, or healed
	flapped      bool
	cut          bool // out at the end of the recovery phase

	since    time.Duration // what detection, failover and outage count from, once affected
	detected time.Duration
	failover time.Duration
	outage   time.Duration
	skipped  time.Duration
	repeated time.Duration
}

// affected reports whether the fault has met the session.
func (t *faultRecord) affected() bool { return t.totals != nil }

// healed reports whether the session has played on without moving away.
func (t *faultRecord) healed() bool { return t.decided && t.failover < 0 }

// outcome of an affected session.
type outcome uint8

const (
	FailedOver outcome = iota
	Healed
	Left
	NeverRecovered
	outcomes
)

// concern opens a record of an occurrence for the session.
func (s *Session) concern(co *PhaseMap, occ int32, joinedDuring bool) {
	f := co.Occurrences[occ].Fault
	if s.control || f.Cohort != "" && f.Cohort != s.shard.c.cfg.Cohorts[s.Group.Key.Cohort].Name {
		return
	}
	t := s.shard.spare // a record that was folded, or a new one
	if t == nil {
		t = new(faultRecord)
	} else {
		s.shard.spare = t.next
	}
	*t = faultRecord{next: s.faults, occ: occ, rendition: -1, joinedDuring: joinedDuring, detected: -1, failover: -1}
	s.faults = t
}

// supersede closes what is undecided about earlier occurrences of the same
// rule when a new one begins.
func (s *Session) supersede(co *PhaseMap, occ int32) {
	at := co.Occurrences[occ].Applied
	s.drop(func(t *faultRecord) bool {
		if co.Occurrences[t.occ].Fault.Rule != co.Occurrences[occ].Fault.Rule {
			return false
		}
		s.settle(co, t, at)
		return true
	})
}

// drop removes the records for which gone is true.
func (s *Session) drop(gone func(*faultRecord) bool) {
	for p := &s.faults; *p != nil; {
		if t := *p; gone(t) {
			*p = t.next
			t.next, s.shard.spare = s.shard.spare, t
		} else {
			p = &t.next
		}
	}
}

// before notes the signs of the fault in a sample.
func (s *Session) before(co *PhaseMap, t *faultRecord, sm *player.Sample, m *Meta) {
	o := &co.Occurrences[t.occ]
	f, c := o.Fault, s.shard.c
	on := o.on(sm.At)
	switch sm.Type {
	case player.Requested:
		if on && !t.affected() && t.joinedDuring && s.asksFor(f, sm) {
			s.affect(o, t, sm.At, sm.At)
		}
		if on && t.failover >= 0 && c.under(o, t, sm) {
			switch sm.Kind {
			case m3u8.KindMedia:
				t.looks++
			case m3u8.KindInit, m3u8.KindSegment:
				t.flap()
			}
		}
	case player.Answered:
		touched := m != nil && m.Marks.Has(f.Rule) && sm.At >= o.Applied && min(sm.Sent, sm.At) < o.Cleared
		if touched {
			t.rendition = sm.Rendition
		}
		touched = touched || on && (!f.Via.Marks() && c.evidence(sm) || f.Kind.Spec().Silent && unanswered(sm)) && s.asksFor(f, sm)
		if touched && !t.affected() {
			sent := sm.At
			if sm.Sent > 0 {
				sent = max(sm.Sent, s.joined)
			}
			s.affect(o, t, sm.At, sent)
		}
	case player.StallStart:
		// Players without timeouts report nothing while they wait for an answer.
		if on && !t.affected() && f.Kind.Spec().Hangs {
			want := *sm
			want.Kind = m3u8.KindSegment
			if s.asksFor(f, &want) {
				s.affect(o, t, sm.At, sm.At)
			}
		}
	case player.Evidence:
		if on && !t.affected() && !f.Via.Marks() && c.under(o, t, sm) {
			s.affect(o, t, sm.At, sm.At)
		}
	case player.Detected:
		if sm.At < o.Applied || sm.At >= o.RecoveryEnd || !t.affected() && !f.Kind.Spec().Silent || !c.under(o, t, sm) {
			return
		}
		switch sm.Decision {
		case player.Step, player.Failover, player.Exclude, player.AbandonFetch:
			if t.detected < 0 {
				t.detected = sm.At
			}
			if sm.Decision == player.Step && t.failover < 0 {
				t.steps++
			}
		}
	}
}

// after notes how the session recovers from the fault.
func (s *Session) after(co *PhaseMap, t *faultRecord, sm *player.Sample) {
	o := &co.Occurrences[t.occ]
	switch sm.Type {
	case player.Appended:
		s.media(o, t, sm)
	case player.StallStart:
		if o.on(sm.At) && t.failover >= 0 && s.loading >= 0 && o.Fault.Pipeline == int(s.loading) { // it waits for video of the faulty thing
			t.flap()
		}
	}
	if s.state == playing && t.failover >= 0 && !t.decided {
		s.decide(t, sm.At)
	}
}

// media notes whether an appended segment is of something healthy.
func (s *Session) media(o *Occurrence, t *faultRecord, sm *player.Sample) {
	if sm.At >= o.Applied && sm.At < o.RecoveryEnd && sm.Track == player.MainTrack {
		t.skipped += sm.Skipped
		t.repeated += sm.Repeated
	}
	faulty, on := s.shard.c.under(o, t, sm), o.on(sm.At)
	if t.failover >= 0 {
		if faulty && on {
			t.flap()
		}
		return
	}
	if !t.affected() || t.healed() || sm.At < o.Applied || faulty && on {
		return
	}
	t.good |= 1 << sm.Track
	t.moved = t.moved || !faulty
	want := uint8(1 << player.MainTrack)
	if s.demuxed {
		want |= 1 << player.AudioTrack
	}
	if t.good&want != want {
		return
	}
	if !t.moved {
		s.decide(t, sm.At)
		return
	}
	t.failover = sm.At
	s.shard.Live.Faults[t.occ].Moved++
	if e := s.shard.c.cfg.Events; e != nil {
		e.failover(s, o, sm, t)
	}
}

// decide marks that the session has failed over or healed.
func (s *Session) decide(t *faultRecord, at time.Duration) {
	t.decided = true
	n, sum := &s.shard.Live.Faults[t.occ], &t.totals.SoFar
	if t.healed() {
		n.Healed++
		sum.Healed++
	} else {
		n.FailedOver++
		sum.FailedOver++
		sum.Failover.Duration(max(0, t.failover-t.since))
		s.shard.Live.FailedOver++
	}
	if e := s.shard.c.cfg.Events; e != nil {
		e.recovered(s, at, s.shard.c.cfg.Faults[t.occ].Name, t)
	}
}

// flap notes that a session went back for media of the faulty thing. The request
// that led to it is then no probe.
func (t *faultRecord) flap() {
	if !t.flapped && t.looks > 0 {
		t.looks--
	}
	t.flapped = true
}

// affect notes that the fault has met the session, by a request sent at an instant.
// The clock of a session that joined during the fault starts with that request.
func (s *Session) affect(o *Occurrence, t *faultRecord, at, sent time.Duration) {
	t.since = o.Applied
	if t.joinedDuring {
		t.since = min(sent, at)
		t.outage = min(t.outage, at-t.since)
	}
	t.totals = s.shard.faultOf(FaultKey{Occurrence: t.occ, Cohort: s.Group.Key.Cohort, During: t.joinedDuring})
	t.totals.SoFar.Affected++
	s.shard.Live.Faults[t.occ].Affected++
}

// spend adds an interval, in which the session's state did not change, to its
// outage.
func (t *faultRecord) spend(s *Session, co *PhaseMap, from, to time.Duration) {
	o := &co.Occurrences[t.occ]
	switch s.state {
	case stalled:
	case joining:
		from = max(from, s.joined+o.Usual[s.Group.Key.Cohort])
	default:
		return
	}
	if d := min(to, o.RecoveryEnd) - max(from, o.Applied); d > 0 {
		t.outage += d
		t.cut = to >= o.RecoveryEnd
	}
}

// fold closes the records that are complete.
func (s *Session) fold(co *PhaseMap, now time.Duration) {
	s.drop(func(t *faultRecord) bool {
		if now < co.Occurrences[t.occ].RecoveryEnd || t.affected() && !t.decided {
			return false
		}
		s.settle(co, t, now)
		return true
	})
}

// close settles all records at the session's end. The outage of a session that
// died goes on to the end of the recovery phase, which may not be known yet:
// such a record waits in the shard.
func (s *Session) close(co *PhaseMap, at time.Duration, how player.SampleType, unfinished bool) {
	s.drop(func(t *faultRecord) bool {
		if !t.affected() {
			return true
		}
		o, died := &co.Occurrences[t.occ], alive
		if how == player.Fatal || how == player.Ended && !t.decided && ends(o.Fault) { // the stream goes on without this viewer
			died = at
		}
		switch {
		case unfinished:
			t.totals.Unfinished++
			s.shard.listEffect(s.whose(), t, players.Unfinished, how, false)
		case died != alive && o.RecoveryEnd > at:
			s.shard.pending = append(s.shard.pending, pendingDeath{*t, s.whose(), died, how})
			s.shard.pending[len(s.shard.pending)-1].t.next = nil
		default:
			t.settle(s.shard, s.whose(), o, at, died, how, s.out())
		}
		return true
	})
}

// settle folds the record of a session that goes on into the impact of its fault.
func (s *Session) settle(co *PhaseMap, t *faultRecord, at time.Duration) {
	if t.affected() {
		t.settle(s.shard, s.whose(), &co.Occurrences[t.occ], at, alive, player.Joined, s.out())
	}
}

// out reports whether the viewer wants to see something and does not.
func (s *Session) out() bool { return s.state == stalled || s.state == joining }

// alive is when a viewer died who did not.
const alive = time.Duration(-1)

// settle folds a record into the impact of its fault. how is why it is closed.
func (t *faultRecord) settle(sh *shard, of whose, o *Occurrence, at, died time.Duration, how player.SampleType, stillOut bool) {
	n := t.totals
	n.Affected++
	out := NeverRecovered
	switch {
	case t.healed():
		out = Healed
	case t.decided:
		out = FailedOver
	case how == player.Left, how == player.Ended && died == alive:
		out = Left // a viewer who has seen the stream to its end needs no more
	}
	n.Outcomes[out]++
	n.Steps += int64(t.steps)
	n.Probes += int64(t.looks)
	if t.flapped {
		n.Flapped++
	}
	if how == player.Fatal {
		n.Fatal++
	}
	if out == Left {
		sh.listEffect(of, t, players.Gone, how, false)
		return
	}
	event := func(h *reports.Histogram, never *int64, at time.Duration) {
		if at < 0 {
			*never++
		} else {
			h.Duration(max(0, at-t.since))
		}
	}
	event(&n.Detection, &n.Undetected, t.detected)
	event(&n.Failover, &n.Unmoved, t.failover)
	if died != alive && o.RecoveryEnd > died {
		t.outage += min(o.RecoveryEnd, at) - max(died, o.Applied)
	}
	// The outage of a session that was still out when its time was up is
	// longer than what was seen.
	longer := t.cut || died != alive && died < o.RecoveryEnd || stillOut && at <= o.RecoveryEnd
	if longer {
		n.CutOff++
	}
	sh.listEffect(of, t, players.Result(out), how, longer) // they have the same order
	n.Outage.Duration(t.outage)
	n.Skipped.Duration(t.skipped)
	n.Repeated.Duration(t.repeated)
}

// ends reports whether a fault may make a player believe that the presentation is
// over.
func ends(f *chaos.Fault) bool { return f.Kind.Spec().EndsStream || !f.Via.Marks() }

// pendingDeath is the record of a session that died before the end of the
// recovery phase was known.
type pendingDeath struct {
	t   faultRecord
	of  whose
	at  time.Duration
	how player.SampleType
}

// unanswered reports whether a fetch ended without a status.
func unanswered(sm *player.Sample) bool {
	switch sm.Failure {
	case player.Timeout, player.Reset, player.Refused, player.Truncated:
		return true
	}
	return false
}

// evidence reports whether an answer is an error or a stale playlist.
func (c *Collector) evidence(sm *player.Sample) bool {
	return bad(sm) || 2*sm.Unchanged > 3*c.cfg.TargetDuration
}

// asksFor reports whether a request is for what the fault selects. A fault of one
// POP is not recognised: which POP will answer is not known.
func (s *Session) asksFor(f *chaos.Fault, sm *player.Sample) bool {
	part := f.Kind.Spec().Part
	if part == chaos.PartAudience || part == chaos.PartTokens {
		return false // only answers show whether a token is refused
	}
	c := s.shard.c
	t := c.thing(sm)
	t.HasViewer, t.Viewer, t.Cohort = true, s.player, c.cfg.Cohorts[s.Group.Key.Cohort].Name
	switch part {
	case chaos.PartLink:
		return f.SelectsViewer(&t, draw.Seed(c.cfg.Seed)) // it hits the viewer's link, whatever the request
	case chaos.PartUnknown:
		return f.Pipeline == chaos.Any || f.Pipeline == t.Pipeline // the programs may change anything
	}
	return f.Selects(&t, draw.Seed(c.cfg.Seed))
}

// under reports whether the thing of a sample is under the fault, whatever its
// kind: the segments of a faulty playlist are, those of its twin are not. A thing
// that is not known to be healthy is.
func (c *Collector) under(o *Occurrence, t *faultRecord, sm *player.Sample) bool {
	f := o.Fault
	if f.Pipeline != chaos.Any && sm.Pipeline >= 0 && int(sm.Pipeline) != f.Pipeline {
		return false
	}
	if f.Rendition == "" {
		return true
	}
	if len(c.cfg.Renditions) == 0 {
		return sm.Rendition == t.rendition
	}
	thing := c.thing(sm)
	return o.media.Selects(&thing, draw.Seed(c.cfg.Seed))
}

// thing is the thing of a sample, as faults select it.
func (c *Collector) thing(sm *player.Sample) chaos.Thing {
	t := chaos.NewThing(sm.Kind, int(sm.Pipeline))
	t.Renditions = c.topRank + 1
	if i := int(sm.Rendition); i >= 0 && i < len(c.cfg.Renditions) {
		r := &c.cfg.Renditions[i]
		t.Rendition, t.Name, t.Rank = r.Index, r.Name, r.Rank
	}
	return t
}

// Selects reports whether a fault selects a rendition, whatever else it selects.
func (c *Config) Selects(f *chaos.Fault, rendition int) bool {
	r := &c.Renditions[rendition]
	t := chaos.NewThing(m3u8.KindSegment, r.Pipeline)
	t.Rendition, t.Name, t.Rank = r.Index, r.Name, r.Rank
	for i := range c.Renditions {
		t.Renditions = max(t.Renditions, c.Renditions[i].Rank+1)
	}
	any := anyMedia(f)
	return any.Selects(&t, draw.Seed(c.Seed))
}

// anyMedia is the fault as it selects media of any kind, for any viewer.
func anyMedia(f *chaos.Fault) chaos.Fault {
	m := *f
	m.Kinds = []m3u8.Kind{m3u8.KindMultivariant, m3u8.KindMedia, m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey}
	m.Pipeline, m.Pop, m.Cohort, m.Share = chaos.Any, chaos.Any, "", 1
	return m
}
