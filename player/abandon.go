package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// Abandoner is whether a segment in flight is dropped for being too slow.
type Abandoner interface {
	policy.Limited
	// first is how long after the request for a segment it is looked at first.
	first(segment time.Duration) time.Duration
	// look looks at a main segment in flight, and returns how long until the next
	// time.
	look(p *Player, f *flight) time.Duration
}

// Abandoners are the ways of abandoning a segment.
var Abandoners = policy.Register("abandon", policy.Offers[Abandoner]{
	"never":   new(AbandonNever),
	"lower":   new(AbandonLower),
	"exclude": new(AbandonExclude),
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

// tooSlow drops a segment.
func (p *Player) tooSlow(f *flight) {
	p.note(&Sample{Type: Detected, Decision: AbandonFetch, Kind: m3u8.KindSegment, Pipeline: p.pipelineOf(int(f.rendition)), Rendition: f.rendition, Reason: "too slow"})
	p.drop(f)
}
