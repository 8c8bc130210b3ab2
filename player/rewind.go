package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// Rewind is what happens to a playlist whose media sequence number went back.
type Rewind interface {
	// aside reports whether it is put aside. reload = false means that it is the first
	// one of another rendition.
	aside(old, m *m3u8.Media, reload bool) bool
	// place is where it lies if it is not.
	place() Placement
	// retry is the time to the next reload after it was put aside; 0 = as after one
	// without news.
	retry() time.Duration
	// ends reports whether the session ends once playback has run dry, if no number is in
	// common.
	ends() bool
	// others reports whether a playlist of another rendition is put aside as well.
	others() bool
}

var _ = policy.Register("rewind", policy.Offers[Rewind]{
	"placed": new(rewindPlaced),
	"wait":   new(rewindWait),
	"fatal":  new(rewindFatal),
})

// putsAside reports whether a player does not take a playlist because its numbers
// went back.
func (p *Player) putsAside(old, m *m3u8.Media, reload bool) bool {
	return old != nil && len(old.Segments) > 0 && len(m.Segments) > 0 && m.MediaSequence < old.MediaSequence &&
		p.cfg.Profile.Timeline.Rewind.Is.aside(old, m, reload)
}

// wentBack is why a session ends.
const wentBack = "the media sequence number went back"

// aside deals with such a playlist: it counts as one without news.
func (p *Player) aside(f *flight, t *track, m *m3u8.Media) {
	r := p.cfg.Profile.Timeline.Rewind.Is
	t.misses++
	p.clock().schedule(p, f.load(), t, false)
	if d := r.retry(); d > 0 {
		if p.caution != nil {
			p.caution.fail(withoutQuery(p.ladder.Renditions[f.rendition].URL), f.sent, f.counted, p.now)
		}
		p.clock().aside(p, t, p.now+d)
	}
	t.numbersLower = r.ends() && m.MediaSequence+uint64(len(m.Segments)) < t.media.MediaSequence
	switch {
	case t.numbersLower && p.state == stalled && p.ahead(t) == 0:
		p.finish(Fatal, wentBack)
	case t.listed():
		p.stale(f, t, true)
	}
}

// rewindCounts is what policies have in common that put no playlist of another rendition
// aside, and reckon by numbers.
type rewindCounts struct{}

func (rewindCounts) place() Placement     { return asNumbered{} }
func (rewindCounts) retry() time.Duration { return 0 }
func (rewindCounts) ends() bool           { return false }
func (rewindCounts) others() bool         { return false }
