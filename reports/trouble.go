package reports

import (
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

// trouble is what one occurrence of a fault does to one session. It exists for
// every session that lives through the onset or joins during the window,
// because the time before the first touched answer counts too.
type trouble struct {
	next   *trouble
	impact *impact // nil until affected
	occ    int32

	rendition int16 // of the last touched answer, -1 = none
	pipeline  int8  // of the same
	good      uint8 // tracks that got media of something not under the fault, as bits
	steps     uint16
	looks     uint16 // requests for a faulty playlist after the failover

	joinedDuring bool
	moved        bool // some track got media of something healthy
	decided      bool // failed over and playing again, or healed
	healed       bool
	flapped      bool
	cut          bool // out at the end of the recovery phase
	unfinished   bool

	affected time.Duration // -1 = not
	detected time.Duration
	failover time.Duration
	outage   time.Duration
	died     time.Duration // fatal at; -1 = not
	skipped  time.Duration
	repeated time.Duration
}

// outcome of an affected session.
type outcome uint8

const (
	failedOver outcome = iota
	healed
	left
	neverRecovered
	outcomes
)

var outcomeNames = [outcomes]string{"failed_over", "healed", "left", "never_recovered"}

// concern opens a record of an occurrence for the session.
func (s *Session) concern(co *course, occ int32, joinedDuring bool) {
	f := co.occs[occ].fault
	if s.control || f.Cohort != "" && f.Cohort != s.shard.c.cfg.Cohorts[s.group.key.cohort].Name {
		return
	}
	t := s.shard.trouble()
	*t = trouble{next: s.troubles, occ: occ, rendition: -1, pipeline: -1, joinedDuring: joinedDuring, affected: -1, detected: -1, failover: -1, died: -1}
	s.troubles = t
}

// supersede closes what is undecided about earlier occurrences of the same
// rule when a new one begins.
func (s *Session) supersede(co *course, occ int32) {
	at := co.occs[occ].applied
	s.drop(func(t *trouble) bool {
		if co.occs[t.occ].fault.Rule != co.occs[occ].fault.Rule {
			return false
		}
		s.settle(co, t, at, player.Joined)
		return true
	})
}

// drop removes the records for which gone is true.
func (s *Session) drop(gone func(*trouble) bool) {
	for p := &s.troubles; *p != nil; {
		if t := *p; gone(t) {
			*p = t.next
			s.shard.recycle(t)
		} else {
			p = &t.next
		}
	}
}

// before looks at a sample for signs of the fault.
func (s *Session) before(co *course, t *trouble, sm *player.Sample, m *Meta) {
	o := &co.occs[t.occ]
	f, c := o.fault, s.shard.c
	on := o.on(sm.At)
	switch sm.Type {
	case player.Requested:
		if on && t.affected < 0 && t.joinedDuring && s.asksFor(f, sm) {
			s.affect(o, t, sm.At)
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
		touched := m != nil && m.Marks.Has(f.Rule) && sm.At >= o.applied && min(sm.Sent, sm.At) < o.cleared
		if touched {
			t.rendition, t.pipeline = sm.Rendition, sm.Pipeline
		}
		touched = touched || on && (!f.Via.Marks() && c.evidence(sm) || f.Kind.Spec().Silent && unanswered(sm)) && s.asksFor(f, sm)
		if touched && t.affected < 0 {
			s.affect(o, t, sm.At)
		}
	case player.StallStart:
		// Players without timeouts never say that they wait for an answer.
		if on && t.affected < 0 && f.Kind.Spec().Hangs {
			want := *sm
			want.Kind = m3u8.KindSegment
			if s.asksFor(f, &want) {
				s.affect(o, t, sm.At)
			}
		}
	case player.Evidence:
		if on && t.affected < 0 && !f.Via.Marks() && c.under(o, t, sm) {
			s.affect(o, t, sm.At)
		}
	case player.Detected:
		if sm.At < o.applied || sm.At >= o.recEnd || t.affected < 0 && !f.Kind.Spec().Silent || !c.under(o, t, sm) {
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

// after follows the session's way out.
func (s *Session) after(co *course, t *trouble, sm *player.Sample) {
	o := &co.occs[t.occ]
	switch sm.Type {
	case player.Appended:
		s.media(o, t, sm)
	case player.StallStart:
		if o.on(sm.At) && t.failover >= 0 && s.waitsFor(o) {
			t.flap()
		}
	}
	if s.state == playing && t.failover >= 0 && !t.decided {
		s.decide(t, sm.At)
	}
}

// waitsFor tells whether the video asked for last is of the faulty thing.
func (s *Session) waitsFor(o *occurrence) bool {
	return s.loading >= 0 && o.fault.Pipeline == int(s.loading)
}

// media judges an appended segment.
func (s *Session) media(o *occurrence, t *trouble, sm *player.Sample) {
	if sm.At >= o.applied && sm.At < o.recEnd && sm.Track == player.MainTrack {
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
	if t.affected < 0 || t.healed || sm.At < o.applied || faulty && on {
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
		t.healed = true
		s.decide(t, sm.At)
		return
	}
	t.failover = sm.At
	s.shard.fault(t.occ).Moved++
	if e := s.shard.c.cfg.Events; e != nil {
		e.failover(s, o, sm, t)
	}
}

// decide marks that the session has come through.
func (s *Session) decide(t *trouble, at time.Duration) {
	t.decided = true
	n := s.shard.fault(t.occ)
	if t.healed {
		n.Healed++
	} else {
		n.FailedOver++
		s.shard.live.FailedOver++
	}
	if e := s.shard.c.cfg.Events; e != nil {
		e.recovered(s, at, s.shard.c.faultName(t.occ), t)
	}
}

// flap notes that a session went back for media of the faulty thing. The look
// that led there is no probe then.
func (t *trouble) flap() {
	if !t.flapped && t.looks > 0 {
		t.looks--
	}
	t.flapped = true
}

func (s *Session) affect(o *occurrence, t *trouble, at time.Duration) {
	t.affected = at
	t.impact = s.shard.impactOf(impactKey{occ: t.occ, cohort: s.group.key.cohort, profile: s.group.key.profile, during: t.joinedDuring})
	s.shard.fault(t.occ).Affected++
}

// spend adds an interval, in which the session's state did not change, to its
// outage.
func (t *trouble) spend(s *Session, co *course, from, to time.Duration) {
	o := &co.occs[t.occ]
	switch s.state {
	case stalled:
	case joining:
		from = max(from, s.joined+o.normal[s.group.key.cohort])
	default:
		return
	}
	if d := min(to, o.recEnd) - max(from, o.applied); d > 0 {
		t.outage += d
		t.cut = to >= o.recEnd
	}
}

// fold closes the records of which nothing more is to come.
func (s *Session) fold(co *course, now time.Duration) {
	if s.troubles == nil {
		return
	}
	s.drop(func(t *trouble) bool {
		if now < co.occs[t.occ].recEnd || t.affected >= 0 && !t.decided {
			return false
		}
		s.settle(co, t, now, player.Joined)
		return true
	})
}

// close settles all records at the session's end. The outage of a session that
// died goes on to the end of the recovery phase, which may not be known yet:
// such a record waits in the shard.
func (s *Session) close(co *course, at time.Duration, how player.SampleType, unfinished bool) {
	for t := s.troubles; t != nil; t = t.next {
		t.unfinished = unfinished
		if t.affected < 0 {
			continue
		}
		if how == player.Fatal {
			t.died = at
		}
		if how == player.Ended && !t.decided && ends(co.occs[t.occ].fault) {
			t.died = at // the programme goes on without this viewer
		}
	}
	s.drop(func(t *trouble) bool {
		if t.died >= 0 && co.occs[t.occ].recEnd > at {
			s.shard.pending = append(s.shard.pending, pendingDeath{*t, how})
			s.shard.pending[len(s.shard.pending)-1].t.next = nil
			return true
		}
		s.settle(co, t, at, how)
		return true
	})
}

// settle folds a record into the impact of its fault. how is why it is closed.
func (s *Session) settle(co *course, t *trouble, at time.Duration, how player.SampleType) {
	if t.affected >= 0 {
		still := s.state == stalled || s.state == joining
		t.settle(&co.occs[t.occ], at, how, still)
	}
}

func (t *trouble) settle(o *occurrence, at time.Duration, how player.SampleType, stillOut bool) {
	n := t.impact
	if t.unfinished {
		n.unfinished++
		return
	}
	n.affected++
	out := neverRecovered
	switch {
	case t.decided && t.healed:
		out = healed
	case t.decided:
		out = failedOver
	case how == player.Left, how == player.Ended && t.died < 0:
		out = left // a viewer who has seen it to its end does not need more
	}
	n.outcomes[out]++
	n.steps += int64(t.steps)
	n.probes += int64(t.looks)
	if t.flapped {
		n.flapped++
	}
	if t.died >= 0 && how == player.Fatal {
		n.fatal++
	}
	if out == left {
		return
	}
	event := func(h *Histogram, never *int64, at time.Duration) {
		if at < 0 {
			*never++
		} else {
			h.Duration(at - o.applied)
		}
	}
	event(&n.detection, &n.undetected, t.detected)
	event(&n.failover, &n.unmoved, t.failover)
	if t.died >= 0 && o.recEnd > t.died {
		t.outage += min(o.recEnd, at) - max(t.died, o.applied)
	}
	// The outage of a session that was still out when its time was up is
	// longer than what was seen.
	if t.cut || t.died >= 0 && t.died < o.recEnd || stillOut && at <= o.recEnd {
		n.cutOff++
	}
	n.outage.Duration(t.outage)
	n.skipped.Duration(t.skipped)
	n.repeated.Duration(t.repeated)
}

// ends reports whether a fault may have a player believe that the presentation
// is over.
func ends(f *chaos.Fault) bool { return f.Kind.Spec().EndsStream || !f.Via.Marks() }

// pendingDeath is the record of a session that died before the end of the
// recovery phase was known.
type pendingDeath struct {
	t   trouble
	how player.SampleType
}

// unanswered tells whether a fetch ended without a status.
func unanswered(sm *player.Sample) bool {
	switch sm.Failure {
	case player.Timeout, player.Reset, player.Refused, player.Truncated:
		return true
	}
	return false
}

// evidence tells whether an answer shows trouble by itself.
func (c *Collector) evidence(sm *player.Sample) bool {
	return bad(sm) || 2*sm.Unchanged > 3*c.cfg.TargetDuration
}

// asksFor tells whether a request is for what the fault selects. A fault of one
// POP is not recognised: which POP will answer is not known.
func (s *Session) asksFor(f *chaos.Fault, sm *player.Sample) bool {
	part := f.Kind.Spec().Part
	if part == chaos.PartAudience || part == chaos.PartTokens {
		return false // whether a token is refused shows in the answers only
	}
	c := s.shard.c
	t := c.thing(sm)
	t.HasViewer, t.Viewer, t.Cohort = true, s.player, c.cfg.Cohorts[s.group.key.cohort].Name
	switch part {
	case chaos.PartLink:
		return f.SelectsViewer(&t, draw.Seed(c.cfg.Seed)) // it hits the viewer's link, whatever is asked for
	case chaos.PartUnknown:
		return f.Pipeline == chaos.Any || f.Pipeline == t.Pipeline // it is not known what the programs touch
	}
	return f.Selects(&t, draw.Seed(c.cfg.Seed))
}

// under tells whether what the sample is about is under the fault, whatever its
// kind: the twin of a faulty playlist is healthy, its segments are not. What is
// not known to be healthy is not.
func (c *Collector) under(o *occurrence, t *trouble, sm *player.Sample) bool {
	f := o.fault
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

// thing is what a sample is about, as faults select it.
func (c *Collector) thing(sm *player.Sample) chaos.Thing {
	t := chaos.Thing{Kind: sm.Kind, Pipeline: int(sm.Pipeline), Rendition: chaos.Any, Rank: chaos.Any, Renditions: c.topRank + 1, Pop: chaos.Any}
	if i := int(sm.Rendition); i >= 0 && i < len(c.cfg.Renditions) {
		r := &c.cfg.Renditions[i]
		t.Rendition, t.Name, t.Rank = r.Index, r.Name, r.Rank
	}
	return t
}

// anyMedia is the fault as it selects media of any kind, for any viewer.
func anyMedia(f *chaos.Fault) chaos.Fault {
	m := *f
	m.Kinds = []m3u8.Kind{m3u8.KindMultivariant, m3u8.KindMedia, m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey}
	m.Pipeline, m.Pop, m.Cohort, m.Share = chaos.Any, chaos.Any, "", 1
	return m
}
