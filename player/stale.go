package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// StalePolicy is how a playlist that no longer changes is noticed, and what happens
// then.
type StalePolicy interface {
	policy.Limited
	// found reports whether a playlist that a reload found unchanged is stale now. aside
	// means that the reload brought one that was not taken.
	found(p *Player, f flight, t *track, aside bool) bool
	// then is the recovery.
	then() Recovery
}

// StalePolicies are the ways of noticing it.
var StalePolicies = policy.Register("stale", policy.Offers[StalePolicy]{
	"ignored":      new(StaleIgnored),
	"misses":       new(StaleMisses),
	"since_change": new(StaleSinceChange),
	"starved":      new(StaleStarved),
	"buffer_end":   new(StaleBufferEnd),
})

// stale looks at a playlist that a reload found unchanged, or put another one aside
// for.
func (p *Player) stale(f *flight, t *track, aside bool) {
	if t.media.EndList {
		return
	}
	p.noteStale(f, t)
	if s := p.cfg.Profile.Stale.Is; s.found(p, *f, t, aside) {
		of := *f
		p.recover(&of, s.then(), Stale, 0)
	}
}

// unchangedFor is how long a playlist has not changed, and a span in its measure.
func (p *Player) unchangedFor(f flight, t *track, s units.Span) (since, span time.Duration) {
	return p.now - t.changedAt, s.Of(p.targetDuration(f.track), p.segmentDuration())
}

// noteStale records the first sign that a playlist no longer brings anything new.
func (p *Player) noteStale(f *flight, t *track) {
	since := p.now - t.changedAt
	if !t.evidenceSent && since > p.targetDuration(f.track)*3/2 {
		t.evidenceSent = true
		p.note(&Sample{Type: Evidence, Kind: m3u8.KindMedia, Track: f.track, Rendition: f.rendition,
			Pipeline: p.pipelineOf(int(f.rendition)), Failure: Stale, Unchanged: since})
	}
}

// tryOut asks for the playlist of a rendition that was left for being stale,
// without leaving the current one. It reports whether that is called for.
func (p *Player) tryOut(level int, to int16) bool {
	t := &p.main
	r := p.errs.find(to)
	if r == nil || r.was().stale == nil || !t.listed() || to == t.rendition {
		return false
	}
	if f := p.flight(MainTrack, m3u8.KindMedia); f != nil {
		if f.rendition == to {
			return true
		}
		p.drop(f)
	}
	t.reloadAt(Never)
	f := p.fetch(m3u8.KindMedia, MainTrack, to, p.ladder.Renditions[to].URL, nil, p.now)
	f.level = int16(level)
	return true
}

// triedOut takes the playlist of such a rendition.
func (p *Player) triedOut(f *flight, m *m3u8.Media) {
	r := p.errs.find(f.rendition)
	t := &p.main
	if r != nil && r.was().stale != nil && !p.changed(r.was().stale, m) {
		t.reloadAt(p.now + p.betweenLoads(false))
		return
	}
	if r != nil {
		r.remember().stale = nil
	}
	p.setLevel(int(f.level), true, "no longer stale")
	if t.rendition == f.rendition {
		t.reloadAt(Never)
		p.playlist(f, m)
	}
}
