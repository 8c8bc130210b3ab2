package player

import (
	"slices"
	"strconv"
	"time"

	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

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

// trouble decides what to do about a failed fetch: the same URL again, or the
// ladder.
func (p *Player) trouble(f *flight, failure Failure, status int, problem string) {
	f.status = int16(status)
	p.note(&Sample{Type: Evidence, Fetch: f.id, Kind: f.kind, Track: f.track, Rendition: f.rendition,
		Pipeline: p.pipelineOf(int(f.rendition)), Failure: failure, Status: int16(status), Reason: problem})
	switch {
	case f.orphan:
		p.orphanEnded(f, failure)
		return
	case p.survey != nil && p.survey.probes != nil && f.kind >= m3u8.KindInit:
		return // there are others to look into
	case p.survey != nil && p.survey.probes == nil && f.kind != m3u8.KindMultivariant:
		p.missed(f, failure)
		return
	case f.ahead && p.prefetches(f.track):
		return // it is asked for again when its turn comes
	case f.kind == m3u8.KindMedia && f.rendition != p.track(f.track).rendition:
		p.errs.of(f.rendition).remember().until = p.until(p.cfg.Profile.Penalty.Level)
		p.track(f.track).reloadAt(p.now)
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
		p.track(f.track).delay(&delayed{at: p.now + d, of: *f, rule: r, failure: failure, n: n})
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
		t.reloadAt(p.now + min(d, p.insists(f)))
	default:
		t.segAt = p.now + d
	}
}

// insists is how long the retry of a playlist may wait at most, for players
// that ask for one that is not there when they look for segments (hls.js 1.5
// level-controller set level).
func (p *Player) insists(f *flight) time.Duration {
	tick := time.Duration(p.cfg.Profile.Buffer.Tick)
	if !p.cfg.Profile.Reload.Insist || f.track != MainTrack || f.rendition >= 64 || p.visited&(1<<f.rendition) != 0 || p.main.listed() {
		return Never
	}
	look := (p.switched/tick + 1) * tick
	if look < p.now {
		return Never
	}
	return look - p.now
}

var retryJitter = draw.NewRule("player/retry jitter")

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
