package player

import (
	"slices"
	"strconv"
	"time"

	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// Causes of an error rule.
const (
	CauseAny     = "any"     // any failure
	Cause4xx     = "4xx"     // status 400 to 499
	Cause5xx     = "5xx"     // status 500 to 599
	CauseNetwork = "network" // refused, reset, truncated
	CauseTimeout = "timeout" // one of the bounds below timeouts
	CauseParse   = "parse"   // a body that is no playlist, or none that goes with the last one; one that cannot be media
	// CauseMismatch is a playlist that contradicts the last one.
	CauseMismatch = "mismatch"
)

// ErrorRule says what happens after a failed fetch. The first rule that
// matches counts.
type ErrorRule struct {
	Kinds  []string `yaml:"kinds"`  // multivariant, media, init, segment, key
	Causes []string `yaml:"causes"` // CauseAny … or a status as "410"
	Tracks []string `yaml:"tracks"` // main, audio; none = both
	// AtStart has the rule match only while the track has no playlist yet; of segments,
	// while the first playlist is looked into.
	AtStart bool `yaml:"at_start"`
	// PerURL counts failures for the URL at hand instead of over all tracks and
	// levels.
	PerURL bool                 `yaml:"per_url"`
	Retry  policy.Choice[Retry] `yaml:"retry"` // the same URL again before the steps; none = not
	// Pause is waited before the steps, which are then about what is played by that time.
	Pause Pause    `yaml:"pause"`
	Then  Recovery `yaml:"then"` // steps; none where retries go on for ever
}

// Pause is a delay.
type Pause struct {
	For    units.Duration `yaml:"for"`    // how long it is; 0 = none
	Jitter float64        `yaml:"jitter"` // share by which it varies
}

func (p *Pause) Limits(l *policy.Limits) {
	l.Duration("for", &p.For, 0, time.Hour)
	policy.Within(l, "jitter", &p.Jitter, 0, 1)
}

func (r *ErrorRule) Limits(l *policy.Limits) {
	policy.Words(l, "kinds", &r.Kinds, 0, nil, "multivariant", "media", "init", "segment", "key")
	policy.Words(l, "tracks", &r.Tracks, 0, nil, "main", "audio")
	status := func(s string) bool {
		n, err := strconv.Atoi(s)
		return err == nil && n >= 100 && n <= 599
	}
	policy.Words(l, "causes", &r.Causes, 0, status, CauseAny, Cause4xx, Cause5xx, CauseNetwork, CauseTimeout, CauseParse, CauseMismatch)
	l.In("pause", &r.Pause)
	if r.Retry.Name() != "" {
		l.In("retry", &r.Retry)
		if !r.Retry.Is.ends() {
			if len(r.Then) > 0 {
				l.Wrong("then", "without effect (got %d steps; want none after retry: %s)", len(r.Then), r.Retry.Name())
			}
			return
		}
	}
	limitSteps(l, &r.Then)
}

// retry is the time to the next retry after n that failed; false = there is none.
func (r *ErrorRule) retry(p *Player, n int) (time.Duration, bool) {
	if r.Retry.Is == nil {
		return 0, false
	}
	return r.Retry.Is.delay(p, n)
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
		if r.AtStart && !p.starts(f) {
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

// starts reports whether a fetch belongs to the start of a track, for which the rules of
// the start hold.
func (p *Player) starts(f *flight) bool {
	if f.kind >= m3u8.KindInit {
		return p.survey != nil && p.survey.probes != nil
	}
	return p.track(f.track).media == nil
}

// trouble decides what to do about a failed fetch: the same URL again, or a step.
func (p *Player) trouble(ended *flight, failure Failure, status int, problem string) {
	f := new(flight) // only failures cost memory
	*f = *ended
	f.status = int16(status)
	p.note(&Sample{Type: Evidence, Fetch: f.id, Kind: f.kind, Track: f.track, Rendition: f.rendition,
		Pipeline: p.pipelineOf(int(f.rendition)), Failure: failure, Status: int16(status), Reason: problem})
	switch {
	case f.orphan:
		p.orphanEnded(f, failure)
		return
	case p.survey != nil && p.survey.probes != nil && f.kind >= m3u8.KindInit:
		p.probeFailed(f, failure, status)
		return
	case p.survey != nil && p.survey.probes == nil && f.kind != m3u8.KindMultivariant:
		p.missed(f, failure)
		return
	case f.ahead && p.prefetches(f.track):
		return // it is asked for again when its turn comes
	case f.kind == m3u8.KindMedia && f.rendition != p.track(f.track).rendition:
		p.errs.penalise(f.rendition, p.until(p.penalty().lasts()))
		p.track(f.track).reloadAt(p.now)
		return
	}
	if failure == Timeout && f.kind == m3u8.KindSegment && p.estimate.TimedOut() {
		p.undecided = true
	}
	r := p.rule(f, failure, status)
	n := p.count(f, r)
	if failure != Mismatch {
		if d, ok := r.retry(p, n); ok {
			p.again(f, d)
			return
		}
	}
	p.errs.broken = p.errs.broken || f.kind >= m3u8.KindInit
	if r.Pause.For > 0 && f.kind != m3u8.KindMultivariant {
		d := p.spread(time.Duration(r.Pause.For), r.Pause.Jitter)
		p.track(f.track).delay(&delayed{at: p.now + d, of: *f, then: r.Then, failure: failure, n: n, follows: true})
		return
	}
	p.judge(f, r.Then, failure, n)
}

// prefetches reports whether a segment of the track is being loaded, so that
// another one is ahead of its turn and not beside its initialization section.
func (p *Player) prefetches(tr Track) bool {
	f := p.chain(tr)
	return f == nil || f.kind == m3u8.KindSegment
}

// judge takes a step of a rule; the session ends if none can be taken.
func (p *Player) judge(f *flight, then Recovery, failure Failure, n int) {
	if !p.recover(f, then, failure, n) {
		p.fail(f, failure)
	}
}

// fail ends the session because of a failed fetch.
func (p *Player) fail(f *flight, failure Failure) {
	p.finish(Fatal, f.kind.String()+": "+reasonOf(failure, int(f.status)))
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
	if f.kind == m3u8.KindMultivariant || r.PerURL {
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

// again asks for the same URL after a delay, unless the track has left it.
func (p *Player) again(f *flight, d time.Duration) {
	t := p.track(f.track)
	switch {
	case f.left:
	case f.kind == m3u8.KindMultivariant:
		p.start = p.now + d
	case f.kind == m3u8.KindMedia:
		t.reloadAt(p.now + min(d, p.clock().retry(p, f)))
	default:
		t.segAt = p.now + d
	}
}

var retryJitter = draw.NewRule("player/retry jitter")

// spread draws a delay from ±jitter around d.
func (p *Player) spread(d time.Duration, jitter float64) time.Duration {
	if jitter == 0 {
		return d
	}
	p.errs.jitters++
	return time.Duration(float64(d) * (1 + jitter*(2*p.seed.Uniform(retryJitter, uint64(p.errs.jitters))-1)))
}

func reasonOf(f Failure, status int) string {
	if f == BadStatus {
		return strconv.Itoa(status)
	}
	return f.String()
}
