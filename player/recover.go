package player

import (
	"slices"
	"strconv"
	"time"

	"hlsload/player/draw"
	"hlsload/player/m3u8"
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
	if b.renditions == nil || p.cfg.Profile.Penalty.Of == OfRendition {
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
	if p.cfg.Profile.Penalty.Return == ReturnOnError {
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
	if how == ReturnOnError || p.ladder == nil || p.state == over {
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
	if how == ReturnAtExpiry && p.main.active {
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
		return CauseTimeout
	case BadStatus:
		if status >= 400 && status < 500 {
			return Cause4xx
		}
		return Cause5xx // also what is neither 2xx nor an error
	case BadBody, NotMedia, TooLarge, Mismatch, Redirects:
		return CauseParse
	}
	return CauseNetwork
}

// rule finds the first error rule that matches.
func (p *Player) rule(f *flight, failure Failure, status int) *ErrorRule {
	c := cause(failure, status)
	for i := range p.cfg.Profile.Errors {
		r := &p.cfg.Profile.Errors[i]
		if !slices.Contains(r.Kinds, f.kind.String()) || len(r.Tracks) > 0 && !slices.Contains(r.Tracks, f.track.String()) {
			continue
		}
		if r.AtStart && p.track(f.track).media != nil {
			continue
		}
		if slices.Contains(r.Causes, c) || slices.Contains(r.Causes, CauseAny) ||
			failure == Mismatch && slices.Contains(r.Causes, CauseMismatch) ||
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
func (p *Player) judge(f *flight, r *ErrorRule, failure Failure, n int) {
	if !p.climb(f, r.Then, failure, n) {
		p.finish(Fatal, f.kind.String()+": "+reasonOf(failure, int(f.status)))
	}
}

// count counts a failure and returns how many there were before it.
func (p *Player) count(f *flight, r *ErrorRule) int {
	t := p.track(f.track)
	tries := &t.tries[0]
	if f.kind >= m3u8.KindInit {
		tries = &t.tries[1]
	}
	before := int(*tries)
	*tries = bump(*tries)
	if f.kind == m3u8.KindMultivariant || r.Count == CountURL {
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
	p.jitters++
	return time.Duration(float64(d) * (1 + jitter*(2*p.seed.Uniform(retryJitter, uint64(p.jitters))-1)))
}

func reasonOf(f Failure, status int) string {
	if f == BadStatus {
		return strconv.Itoa(status)
	}
	return f.String()
}
