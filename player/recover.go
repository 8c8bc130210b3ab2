package player

import (
	"slices"
	"strconv"
	"time"

	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

// errorBook is what a player remembers of failures: counters that rules share,
// marks on renditions, and penalties with their end.
type errorBook struct {
	lists      uint8           // failed playlists since one succeeded or a level was left
	idled      bool            // StepIdle was taken
	broken     bool            // a segment failed for good and none has arrived since
	renditions []record        // of those where anything failed
	pathways   []time.Duration // penalised until; nil until one is
}

// record is kept for a rendition once anything failed.
type record struct {
	rendition int16
	loads     uint8 // ladders climbed because of it, until its media is buffered
	segments  uint8 // failed fetches of its segments, until one succeeded
	wasStale  bool
	known     bool  // its playlist was loaded once
	past      *past // nil until there is any
}

// past is what only some players remember of a rendition.
type past struct {
	until time.Duration // end of its penalty
	asked time.Duration // when its playlist was last asked for, as far as it failed
	stale *m3u8.Media   // what it listed when it was left for being stale; nil = it was not
}

// was is the past of a rendition.
func (r *record) was() past {
	if r.past == nil {
		return past{}
	}
	return *r.past
}

// remember is the past of a rendition, to be added to.
func (r *record) remember() *past {
	if r.past == nil {
		r.past = new(past)
	}
	return r.past
}

// forgive forgets what keeps from a rendition, not what is known of it.
func (r *record) forgive() {
	r.loads, r.segments = 0, 0
	if r.past != nil {
		r.past.until = 0
	}
}

// find returns the record of a rendition, nil if there is none.
func (b *errorBook) find(rendition int16) *record {
	for i := range b.renditions {
		if r := &b.renditions[i]; r.rendition == rendition {
			return r
		}
	}
	return nil
}

// of returns the record of a rendition; it is valid until the next one is made.
func (b *errorBook) of(rendition int16) *record {
	if r := b.find(rendition); r != nil {
		return r
	}
	if n := len(b.renditions); n == cap(b.renditions) {
		// There are few; doubling would waste more than it saves.
		b.renditions = append(make([]record, 0, n+2), b.renditions...)
	}
	b.renditions = append(b.renditions, record{rendition: rendition})
	return &b.renditions[len(b.renditions)-1]
}

// loads is how many ladders were climbed because of a rendition.
func (b *errorBook) loads(rendition int16) uint8 {
	if r := b.find(rendition); r != nil {
		return r.loads
	}
	return 0
}

func (b *errorBook) penalised(rendition int16, now time.Duration) bool {
	r := b.find(rendition)
	return r != nil && r.was().until > now
}

// blamed tells whether bandwidth may not choose a level because it failed.
func (b *errorBook) blamed(p *Player, level int) bool {
	if b.renditions == nil || p.cfg.Profile.Penalty.Of == profile.OfRendition {
		return false
	}
	rendition := p.renditionOf(level)
	if rendition < 0 {
		return true
	}
	r := b.find(rendition)
	return r != nil && r.was().until == 0 && (r.loads > 0 || r.segments > 0)
}

// appended clears what media of a rendition disproves.
func (b *errorBook) appended(rendition int16) {
	b.broken = false
	if r := b.find(rendition); r != nil {
		r.loads, r.segments = 0, 0
	}
}

func (b *errorBook) pathwayUntil(i int16) time.Duration {
	if b.pathways == nil {
		return 0
	}
	return b.pathways[i]
}

// segmentErrors is the shared count of failed segments on the current pathway.
func (p *Player) segmentErrors() int {
	n := 0
	for i := range p.errs.renditions {
		r := &p.errs.renditions[i]
		if p.ladder.Renditions[r.rendition].Pathway == int(p.pathway) {
			n += int(r.segments)
		}
	}
	return n
}

// wake is when a penalty ends, for players that look at that.
func (b *errorBook) wake(p *Player) time.Duration {
	at := Never
	if p.cfg.Profile.Penalty.Return == profile.ReturnOnError {
		return at
	}
	for _, r := range b.renditions {
		if r.was().until > p.now {
			at = min(at, r.was().until)
		}
	}
	for _, u := range b.pathways {
		if u > p.now {
			at = min(at, u)
		}
	}
	return at
}

// returns goes back to what a penalty that ended had kept away from.
func (p *Player) returns() {
	how := p.cfg.Profile.Penalty.Return
	if how == profile.ReturnOnError || p.ladder == nil || p.state == over {
		return
	}
	ended := false
	for i := range p.errs.renditions {
		if r := &p.errs.renditions[i]; r.was().until > 0 && r.was().until <= p.now {
			r.forgive()
			ended = true
		}
	}
	for i, u := range p.errs.pathways {
		if u > 0 && u <= p.now {
			p.errs.pathways[i], ended = 0, true
		}
	}
	if !ended {
		return
	}
	if best := p.freePathway(-1); best >= 0 && best < p.pathway {
		p.pathway = best
		p.setLevel(int(p.main.level), true, "penalty ended")
		return
	}
	if how == profile.ReturnAtExpiry && p.main.active {
		a := &p.cfg.Profile.ABR
		if l := p.bestLevel(p.abr.estimate(), a.Down, a.Up, p.ahead(&p.main)); l >= 0 && l != int(p.main.level) {
			p.setLevel(l, true, "penalty ended")
		}
	}
}

// freePathway is the first listed pathway that is not penalised and offers
// something, other than the given one; -1 if there is none.
func (p *Player) freePathway(not int16) int16 {
	for i := range int16(len(p.ladder.Pathways)) {
		if i == not || p.errs.pathwayUntil(i) > p.now {
			continue
		}
		for l := range p.ladder.Levels {
			if p.ladder.Levels[l].ByPathway[i] >= 0 {
				return i
			}
		}
	}
	return -1
}

// cause classes a failure for the rules.
func cause(f Failure, status int) string {
	switch f {
	case Timeout:
		return profile.CauseTimeout
	case BadStatus:
		if status >= 400 && status < 500 {
			return profile.Cause4xx
		}
		return profile.Cause5xx // also what is neither 2xx nor an error
	case BadBody, NotMedia, TooLarge, Mismatch, Redirects:
		return profile.CauseParse
	}
	return profile.CauseNetwork
}

// rule finds the first error rule that matches.
func (p *Player) rule(f *flight, failure Failure, status int) *profile.ErrorRule {
	c := cause(failure, status)
	for i := range p.cfg.Profile.Errors {
		r := &p.cfg.Profile.Errors[i]
		if !slices.Contains(r.Kinds, f.kind.String()) || len(r.Tracks) > 0 && !slices.Contains(r.Tracks, f.track.String()) {
			continue
		}
		if r.AtStart && p.track(f.track).media != nil {
			continue
		}
		if slices.Contains(r.Causes, c) || slices.Contains(r.Causes, profile.CauseAny) ||
			failure == Mismatch && slices.Contains(r.Causes, profile.CauseMismatch) ||
			failure == BadStatus && slices.Contains(r.Causes, strconv.Itoa(status)) {
			return r
		}
	}
	panic("player: profile " + p.cfg.Profile.ID + " has no rule for a failed " + f.kind.String()) // Parse checks that there is one
}

var retryJitter = draw.NewRule("player/retry jitter")

// trouble decides what to do about a failed fetch: the same URL again, or the
// ladder.
func (p *Player) trouble(f *flight, failure Failure, status int, problem string) {
	f.status = int16(status)
	p.note(&Sample{Type: Evidence, Fetch: f.id, Kind: f.kind, Track: f.track, Rendition: f.rendition,
		Pipeline: p.pipelineOf(int(f.rendition)), Failure: failure, Status: int16(status), Reason: problem})
	switch {
	case f.stray:
		p.settled(f, failure)
		return
	case p.tour != nil && p.tour.probes != nil && f.kind >= m3u8.KindInit:
		return // there are others to look into
	case p.tour != nil && p.tour.probes == nil && f.kind != m3u8.KindMultivariant:
		p.missed(f, failure)
		return
	case f.ahead && p.prefetches(f.track):
		return // it is asked for again when its turn comes
	case f.kind == m3u8.KindMedia && f.rendition != p.track(f.track).rendition:
		p.errs.of(f.rendition).remember().until = p.until(p.cfg.Profile.Penalty.Level)
		p.track(f.track).listAt = p.now
		return
	}
	if failure == Timeout && f.kind == m3u8.KindSegment && p.cfg.Profile.ABR.TimeoutZeroes {
		p.abr.zero()
		p.undecided = true
	}
	r := p.rule(f, failure, status)
	n := p.count(f, r)
	if n < r.Retries && failure != Mismatch {
		var d time.Duration
		if len(r.Delays) > 0 {
			d = time.Duration(r.Delays[min(n, len(r.Delays)-1)])
		}
		p.again(f, d, r.Jitter)
		return
	}
	p.errs.broken = p.errs.broken || f.kind >= m3u8.KindInit
	if r.Pause > 0 && f.kind != m3u8.KindMultivariant {
		d := p.spread(time.Duration(r.Pause), r.Jitter)
		p.track(f.track).verdict = &verdict{at: p.now + d, of: *f, rule: r, failure: failure, n: n}
		return
	}
	p.judge(f, r, failure, n)
}

// prefetches tells whether a segment of the track is being loaded, so that
// another one is ahead of its turn and not beside its initialization section.
func (p *Player) prefetches(tr Track) bool {
	f := p.chain(tr)
	return f == nil || f.kind == m3u8.KindSegment
}

// judge climbs the ladder of a rule; the session ends if nothing is left.
func (p *Player) judge(f *flight, r *profile.ErrorRule, failure Failure, n int) {
	if !p.climb(f, r.Then, failure, n) {
		p.finish(Fatal, f.kind.String()+": "+reasonOf(failure, int(f.status)))
	}
}

// count counts a failure and returns how many there were before it.
func (p *Player) count(f *flight, r *profile.ErrorRule) int {
	t := p.track(f.track)
	tries := &t.tries[0]
	if f.kind >= m3u8.KindInit {
		tries = &t.tries[1]
	}
	before := int(*tries)
	*tries = bump(*tries)
	if f.kind == m3u8.KindMultivariant || r.Count == profile.CountURL {
		return before
	}
	if f.kind == m3u8.KindMedia {
		before = int(p.errs.lists)
		p.errs.lists = bump(p.errs.lists)
		return before
	}
	before = p.segmentErrors()
	// Audio segments count for the level that they go with.
	at := f.rendition
	if f.track == AudioTrack {
		at = p.main.rendition
	}
	rec := p.errs.of(at)
	rec.segments = bump(rec.segments)
	return before
}

func bump(n uint8) uint8 { return min(n, 254) + 1 }

// again asks for the same URL after a delay.
func (p *Player) again(f *flight, d time.Duration, jitter float64) {
	d = p.spread(d, jitter)
	t := p.track(f.track)
	switch {
	case f.kind == m3u8.KindMultivariant:
		p.start = p.now + d
	case f.kind == m3u8.KindMedia:
		t.listAt = p.now + min(d, p.insists(f))
	default:
		t.segAt = p.now + d
	}
}

// spread draws a delay from ±jitter around d.
func (p *Player) spread(d time.Duration, jitter float64) time.Duration {
	if jitter == 0 {
		return d
	}
	return time.Duration(float64(d) * (1 + jitter*(2*p.uniform(retryJitter)-1)))
}

func reasonOf(f Failure, status int) string {
	if f == BadStatus {
		return strconv.Itoa(status)
	}
	return f.String()
}

// climb takes the first step of a ladder that can be taken. n is how many
// failures of the kind there were before.
func (p *Player) climb(f *flight, rungs []profile.Rung, failure Failure, n int) bool {
	if f.kind != m3u8.KindMultivariant {
		r := p.errs.of(p.main.rendition)
		r.loads = bump(r.loads)
	}
	for _, rung := range rungs {
		before := len(p.out)
		d, ok := p.take(f, rung, failure, n)
		if !ok {
			continue
		}
		if d != NoDecision { // it comes before what it led to
			p.out = slices.Insert(p.out, before, Action{Type: Note, Sample: Sample{At: p.now, Type: Detected, Decision: d,
				Kind: f.kind, Track: f.track, Rendition: f.rendition, Pipeline: p.pipelineOf(int(f.rendition)),
				Failure: failure, Reason: rung.Step}})
		}
		return true
	}
	return false
}

// take tries one step.
func (p *Player) take(f *flight, rung profile.Rung, failure Failure, n int) (Decision, bool) {
	t := p.track(f.track)
	if p.ladder == nil && rung.Step != profile.StepRetry && rung.Step != profile.StepFatal {
		return NoDecision, false // there is nothing to choose from yet
	}
	switch rung.Step {
	case profile.StepLevel:
		return Step, p.stepLevel(f, failure)
	case profile.StepPathway:
		return Failover, p.stepPathway(f, failure)
	case profile.StepLocation:
		return Failover, p.stepLocation(f, failure)
	case profile.StepSpared:
		return Step, p.stepSpared(f, failure)
	case profile.StepReselect:
		return Exclude, p.stepReselect(f, failure, p.until(p.cfg.Profile.Penalty.Level))
	case profile.StepBan:
		return Exclude, p.stepReselect(f, failure, Never)
	case profile.StepRetry:
		if n >= len(rung.Delays) {
			return NoDecision, false
		}
		p.again(f, time.Duration(rung.Delays[n]), 0)
		return NoDecision, true
	case profile.StepSkip, profile.StepDrop:
		if f.seg == nil || t.media == nil || len(t.media.Segments) == 0 || rung.Step == profile.StepSkip &&
			f.seg.Sequence >= t.media.Segments[len(t.media.Segments)-1].Sequence {
			return NoDecision, false
		}
		p.skip(t, f.seg)
		t.tries[1] = 0
		return GapSkipped, true
	case profile.StepUntilStarved:
		if p.state != playing && n >= p.cfg.Profile.Stall.Forgives {
			p.impatient(f, failure)
			return NoDecision, true
		}
		t.patient = true
		p.again(f, time.Duration(rung.Delays[min(n, len(rung.Delays)-1)]), 0)
		return NoDecision, true
	case profile.StepReload:
		if f.kind != m3u8.KindMedia || !f.update || f.rendition != t.rendition {
			return NoDecision, false
		}
		p.again(f, time.Duration(rung.Delays[min(n, len(rung.Delays)-1)]), 0)
		t.tries[0] = 0
		return NoDecision, true
	case profile.StepRound:
		if !p.errs.broken {
			return NoDecision, false
		}
		d := time.Duration(rung.Delays[min(n, len(rung.Delays)-1)])
		t.verdict = &verdict{at: p.now + d, of: *f, rule: &round, failure: failure}
		return NoDecision, true
	case profile.StepIdle:
		if p.errs.idled || f.kind == m3u8.KindMultivariant {
			return NoDecision, false
		}
		p.errs.idled = true
		for i := range p.errs.renditions {
			p.errs.renditions[i].forgive()
		}
		for i := range p.tracks() {
			t := p.track(i)
			t.listAt, t.fresh, t.tries = Never, false, [2]uint8{}
			p.dropSegment(i)
		}
		return NoDecision, true
	case profile.StepWhileOthers:
		t.patient, p.hole = true, span{}
		if p.forsaken() {
			p.finish(Fatal, f.kind.String()+": "+reasonOf(failure, int(f.status)))
			return GiveUp, true
		}
		// The others set the pace, however long an answer takes, and have their turn.
		d := time.Duration(rung.Delays[min(n, len(rung.Delays)-1)])
		if every := p.packets(f.track); n >= len(rung.Delays) && every > 0 {
			d = every
		}
		p.again(f, max(d-(p.now-f.sent), min(d, time.Millisecond)), 0)
		return NoDecision, true
	case profile.StepDue:
		early := p.ahead(t)
		if f.kind != m3u8.KindSegment || early <= touching {
			return NoDecision, false
		}
		t.segAt = p.now + min(p.lasts(early), p.nextRead(f, n))
		return NoDecision, true
	case profile.StepWait:
		t.tries[1] = 0
		t.waiting = t.listAt != Never || p.flight(f.track, m3u8.KindMedia) != nil
		if !t.waiting {
			return NoDecision, false
		}
		return NoDecision, true
	case profile.StepClear:
		return Exclude, p.stepClear(f, failure)
	case profile.StepFatal:
		p.finish(Fatal, f.kind.String()+": "+reasonOf(failure, int(f.status)))
		return GiveUp, true
	}
	return NoDecision, false
}

// round is the rest of StepRound.
var round = profile.ErrorRule{Then: []profile.Rung{{Step: profile.StepClear}}}

// nextRead is how long it takes until a player that reads piece by piece does
// so again; at the first piece it looks twice.
func (p *Player) nextRead(f *flight, n int) time.Duration {
	v := p.ladder.Renditions[f.rendition].Variant
	if p.cfg.Profile.Buffer.Chunk == 0 || v == nil || v.Bandwidth <= 0 {
		return Never
	}
	if n == 0 {
		return 0
	}
	return time.Duration(float64(p.cfg.Profile.Buffer.Chunk) * 8 / float64(v.Bandwidth) * float64(time.Second))
}

// packets is how long it takes, on average, until the tracks other than tr give
// another packet of pictures or sound; 0 = the profile does not say.
func (p *Player) packets(tr Track) time.Duration {
	b := &p.cfg.Profile.Buffer
	rate := 0.0
	for i := range p.tracks() {
		t := p.track(i)
		if i == tr || !t.active {
			continue
		}
		if v := p.ladder.Renditions[t.rendition].Variant; v != nil && b.Picture > 0 {
			frames := 1 / seconds(b.Picture)
			if v.FrameRate >= 1 && v.FrameRate <= 1000 {
				frames = v.FrameRate
			}
			rate += frames
		}
		if b.Sound > 0 && !p.ladder.silent(int(t.rendition)) {
			rate += 1 / seconds(b.Sound)
		}
	}
	if rate == 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / rate)
}

// forsaken tells whether every track has failed too often.
func (p *Player) forsaken() bool {
	for i := range p.tracks() {
		if t := p.track(i); t.active && int(max(t.tries[0], t.tries[1])) <= p.cfg.Profile.Stall.Forgives {
			return false
		}
	}
	return true
}

// insists is how long the retry of a playlist may wait at most, for players
// that ask for one that is not there when they look for segments (hls.js 1.5
// level-controller set level).
func (p *Player) insists(f *flight) time.Duration {
	tick := time.Duration(p.cfg.Profile.Buffer.Tick)
	if !p.cfg.Profile.Reload.Insist || f.track != MainTrack || f.rendition >= 64 || p.visited&(1<<f.rendition) != 0 || p.main.fresh {
		return Never
	}
	look := (p.switched/tick + 1) * tick
	if look < p.now {
		return Never
	}
	return look - p.now
}

// stepLevel moves to the next lower level without an error, then from the top
// down (hls.js error-controller getLevelSwitchAction). For audio it must be a
// level with another audio rendition.
func (p *Player) stepLevel(f *flight, failure Failure) bool {
	n, cur := len(p.ladder.Levels), int(p.main.level)
	for i := n - 1; i > 0; i-- {
		c := (cur + i) % n
		r := p.renditionOf(c)
		if r < 0 || p.errs.loads(r) > 0 {
			continue
		}
		if f.track == AudioTrack && p.ladder.Levels[c].AudioByPathway[p.pathway] == f.rendition {
			continue
		}
		p.errs.lists = 0
		p.forced = int16(c)
		p.setLevel(c, false, failure.String())
		return true
	}
	return false
}

// stepSpared moves to the level that bandwidth would choose, if fewer ladders
// were climbed because of it (hls.js abr-controller nextAutoLevel).
func (p *Player) stepSpared(f *flight, failure Failure) bool {
	a := &p.cfg.Profile.ABR
	to := p.bestLevel(p.abr.estimate(), a.Down, a.Up, p.ahead(&p.main))
	if to < 0 || to == int(p.main.level) || p.errs.loads(p.renditionOf(to)) >= p.errs.loads(p.main.rendition) {
		return false
	}
	p.forced = int16(to)
	p.setLevel(to, false, failure.String())
	return true
}

// stepPathway penalises the current pathway and moves every level to another.
func (p *Player) stepPathway(f *flight, failure Failure) bool {
	if len(p.ladder.Pathways) < 2 {
		return false
	}
	if p.errs.pathways == nil {
		p.errs.pathways = make([]time.Duration, len(p.ladder.Pathways))
	}
	if p.errs.pathways[p.pathway] <= p.now {
		p.errs.pathways[p.pathway] = p.until(p.cfg.Profile.Penalty.Pathway)
	}
	to := p.freePathway(p.pathway)
	if to < 0 {
		return false
	}
	p.pathway = to
	level := int(p.main.level)
	if p.renditionOf(level) < 0 {
		if level = p.lowestLevel(); p.renditionOf(level) < 0 {
			return false
		}
	}
	p.forced = int16(level)
	p.setLevel(level, false, failure.String())
	return true
}

// stepLocation penalises the URL and uses another one of the same level.
func (p *Player) stepLocation(f *flight, failure Failure) bool {
	level := &p.ladder.Levels[p.main.level]
	copies := level.ByPathway
	if f.track == AudioTrack {
		copies = level.AudioByPathway
	}
	current := p.track(f.track).rendition
	twin := int16(-1)
	for _, r := range copies {
		if r >= 0 && r != current && !p.errs.penalised(r, p.now) {
			twin = r
			break
		}
	}
	if twin < 0 {
		return false
	}
	p.errs.of(current).remember().until = p.until(p.cfg.Profile.Penalty.Location)
	p.setRendition(f.track, twin, false, failure.String())
	return true
}

// failing is what StepReselect gives up because of a fetch.
func (p *Player) failing(f *flight) int16 {
	if p.cfg.Profile.Penalty.Of == profile.OfRendition {
		return f.rendition
	}
	return p.main.rendition
}

// stepReselect penalises the level for a time and lets bandwidth choose again.
func (p *Player) stepReselect(f *flight, failure Failure, until time.Duration) bool {
	rec := p.errs.of(p.failing(f))
	before := rec.was().until
	rec.remember().until = until
	if p.reselect(f, failure, false) {
		return true
	}
	p.errs.of(p.failing(f)).remember().until = before
	return false
}

// stepClear lifts all penalties but those for ever, penalises the level and
// lets bandwidth choose again.
func (p *Player) stepClear(f *flight, failure Failure) bool {
	for i := range p.errs.renditions {
		if r := &p.errs.renditions[i]; r.was().until != Never {
			r.forgive()
		}
	}
	clear(p.errs.pathways)
	rec := p.errs.of(p.failing(f))
	rec.remember().until = p.until(p.cfg.Profile.Penalty.Level)
	if p.reselect(f, failure, true) {
		return true
	}
	// It is the only one.
	p.errs.of(p.failing(f)).forgive()
	p.again(f, p.targetDuration(f.track)/2, 0)
	return true
}

// reselect is the choice by bandwidth after an error; last tells that nothing
// else was left.
func (p *Player) reselect(f *flight, failure Failure, last bool) bool {
	main := &p.main
	a := &p.cfg.Profile.ABR
	from := p.errs.of(main.rendition)
	from.known = from.known || main.fresh
	if f.kind == m3u8.KindMedia {
		asked := p.now
		if f.update && f.rendition == main.held {
			asked = main.loadedAt // a failed reload does not count
		}
		p.errs.of(f.rendition).remember().asked = asked
	}
	to := p.bestLevel(p.abr.estimate(), a.Down, a.Up, p.ahead(main))
	if to < 0 || p.renditionOf(to) < 0 {
		return false
	}
	left := main.rendition
	p.setLevel(to, false, failure.String())
	if d := p.cfg.Profile.Reload.AfterError; d > 0 && f.update && main.scheduled >= 0 {
		main.scheduled = p.now + time.Duration(d)
	}
	p.pause(left, last)
	return true
}

// pause delays the playlist that was just chosen in place of another one, if
// it was asked for a moment ago or is the last one. If it is the one that is
// still in use, because that of the other one never came, nothing changes but
// that it is loaded again when it would be after a load.
func (p *Player) pause(left int16, last bool) {
	t, r := &p.main, &p.cfg.Profile.Penalty
	if r.Pause.Zero() || t.rendition == left {
		return
	}
	rec, d := p.errs.find(t.rendition), time.Duration(r.PauseUnknown)
	target, segment := p.targetDuration(MainTrack), p.segmentDuration()
	if rec == nil || rec.known {
		d = r.Pause.Of(target, segment)
	}
	asked := time.Duration(0)
	if rec != nil {
		asked = rec.was().asked
	}
	back := t.held == t.rendition
	if back {
		asked = max(asked, t.loadedAt)
	}
	if last || asked > 0 && p.now-asked <= d {
		t.listAt = p.now + d
	}
	if back {
		t.fresh, t.waiting, t.joint = true, true, noJoint
		t.listAt += p.cfg.Profile.Reload.Changed.Of(target, segment)
	}
}

// until is the end of a penalty that begins now.
func (p *Player) until(d profile.Duration) time.Duration {
	if time.Duration(d) >= Never-p.now {
		return Never
	}
	return p.now + time.Duration(d)
}
