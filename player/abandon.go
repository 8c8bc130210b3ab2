package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// Abandoner is whether a segment in flight is dropped for being too slow.
type Abandoner interface {
	// first is how long after the request for a segment it is looked at first.
	first(segment time.Duration) time.Duration
	// look looks at a main segment in flight, and returns how long until the next
	// time.
	look(p *Player, f *flight) time.Duration
	// starting reports whether it is looked at before playback begins as well, when a
	// playlist has arrived.
	starting() bool
}

var _ = policy.Register("abandon", policy.Offers[Abandoner]{
	"never":   new(abandonNever),
	"lower":   new(abandonLower),
	"exclude": new(abandonExclude),
})

func (p *Player) abandoner() Abandoner { return p.cfg.Profile.Abandon.Is }

// later is an instant that may be Never.
func later(now, d time.Duration) time.Duration {
	if d == Never {
		return Never
	}
	return now + d
}

// abandon looks at the main segment in flight, when it is time to.
func (p *Player) abandon() {
	f := p.chain(MainTrack)
	if f == nil || f.waits || f.kind != m3u8.KindSegment || p.state == loading || p.now < f.look {
		return
	}
	id := f.id
	next := later(p.now, p.abandoner().look(p, f))
	if f := p.byID(id); f != nil {
		f.look = next
	}
}

// abandonStarting looks at it before playback has begun.
func (p *Player) abandonStarting() {
	if p.state != loading || !p.abandoner().starting() {
		return
	}
	if f := p.chain(MainTrack); f != nil && !f.waits && f.kind == m3u8.KindSegment {
		p.abandoner().look(p, f)
	}
}

// tooSlow drops a segment.
func (p *Player) tooSlow(f *flight) {
	p.note(&Sample{Type: Detected, Decision: AbandonFetch, Kind: m3u8.KindSegment, Pipeline: p.pipelineOf(int(f.rendition)), Rendition: f.rendition, Reason: "too slow"})
	p.drop(f)
}
