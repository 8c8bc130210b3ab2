package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// behindSliding goes to the start of a window that moves on between reloads, as the
// clock does, so that a player that stands still falls out of it at any time; never nearer to
// the end of the window than the hold-back (Shaka presentation_timeline getSafeSeekRangeStart).
type behindSliding struct {
	windowStart `yaml:",inline"`
	// Range is how far before the hold-back the position may be at least, also where
	// nothing is listed there (Shaka playhead minSeekRange_).
	Range units.Duration `yaml:"range"`
}

func (b *behindSliding) Limits(l *policy.Limits) {
	l.Duration("offset", &b.Offset, time.Millisecond, time.Hour)
	l.Duration("range", &b.Range, time.Millisecond, time.Hour)
}

// span is where the position may be and where it goes, after the first listed segment.
func (b *behindSliding) span(p *Player) (from, to time.Duration) {
	t := &p.main
	end := t.media.Duration - p.holdBack(t)
	return min(0, end-time.Duration(b.Range)), min(time.Duration(b.Offset), end)
}

func (b *behindSliding) left(p *Player, pos time.Duration) {
	t := &p.main
	from, to := b.span(p)
	switch at := t.base + b.moved(p, t); {
	case p.now >= p.leaves():
		p.seek(at + to)
	case pos > t.base+t.media.Duration || pos < at+from:
		p.seek(t.base + to)
	}
}

func (b *behindSliding) leaves(p *Player) time.Duration {
	t := &p.main
	if t.media == nil || !t.live() {
		return Never
	}
	from, _ := b.span(p)
	return t.changedAt + max(p.anchor-t.base-from, 0) + time.Millisecond
}

func (*behindSliding) moved(p *Player, t *track) time.Duration { return p.now - t.changedAt }
