package player

import (
	"hlsload/player/m3u8"
)

// stale looks at a playlist that a reload found unchanged.
func (p *Player) stale(f *flight, t *track) {
	if t.media.EndList {
		return
	}
	p.noteStale(f, t)
	since := p.now - t.changedAt
	r := &p.cfg.Profile.Stale
	after := r.After.Of(p.targetDuration(f.track), p.segmentDuration())
	var found bool
	switch r.Detect {
	case StaleMisses:
		found = r.Misses > 0 && int(t.misses) >= r.Misses
	case StaleSince:
		found = since >= after
	case StaleStarved:
		t.stalePending = since >= after
		found = t.stalePending && p.state == stalled
	case StaleBufferEnd:
		edge := t.base + t.media.Duration
		found = p.state != loading && p.ahead(t) <= touching && t.end >= edge-touching
	}
	if !found {
		return
	}
	if r.Once || r.Trial {
		rec := p.errs.of(f.rendition)
		if r.Once && rec.wasStale {
			return
		}
		rec.wasStale = true
		if r.Trial {
			rec.remember().stale = t.media
		}
	}
	p.recover(f, r.Then, Stale, 0)
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
		t.reloadAt(p.now + p.cfg.Profile.Reload.Unchanged.Of(p.targetDuration(MainTrack), p.segmentDuration()))
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
