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
	// found reports whether a playlist that a reload found unchanged is stale now. aside
	// means that the reload brought one that was not taken.
	found(p *Player, f flight, t *track, aside bool) bool
	// then is the recovery.
	then() Recovery
}

var _ = policy.Register("stale", policy.Offers[StalePolicy]{
	"ignored":      new(staleIgnored),
	"misses":       new(staleMisses),
	"since_change": new(staleSinceChange),
	"starved":      new(staleStarved),
	"buffer_end":   new(staleBufferEnd),
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
	if p.errs.was(to).stale == nil || !t.listed() || to == t.rendition {
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
	stale := p.errs.was(f.rendition).stale
	t := &p.main
	if stale != nil && !p.changed(stale, m) {
		t.reloadAt(p.now + p.betweenLoads(false))
		return
	}
	if stale != nil {
		p.errs.remember(f.rendition).stale = nil
	}
	p.setLevel(int(f.level), true, "no longer stale")
	if t.rendition == f.rendition {
		t.reloadAt(Never)
		p.playlist(f, m)
	}
}

// sinceChange is what policies have in common that go by the time since the playlist
// changed.
type sinceChange struct {
	After units.Span `yaml:"after"` // since the last change
	Then  Recovery   `yaml:"then"`  // steps, tried in order
}

func (s *sinceChange) Limits(l *policy.Limits) {
	l.Span("after", &s.After, time.Millisecond, time.Hour)
	limitSteps(l, &s.Then)
}

func (s *sinceChange) long(p *Player, f flight, t *track) bool {
	return p.now-t.changedAt >= p.length(&s.After, f.track)
}

func (s *sinceChange) then() Recovery { return s.Then }
