package player

import (
	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// AtGap is what happens at a segment that the playlist marks with EXT-X-GAP.
type AtGap interface {
	// loads reports whether the segment is asked for.
	loads() bool
	// avoid looks for something else to play. It reports whether a step was taken;
	// if not, playback goes on after the segment.
	avoid(p *Player, f *flight) bool
}

var _ = policy.Register("gap", policy.Offers[AtGap]{
	"load":    &gapLoad{},
	"skip":    &gapSkip{},
	"recover": &gapRecover{},
})

// avoid looks for something to play instead of a gap. It reports whether a step
// was taken.
func (p *Player) avoid(tr Track, t *track, s *m3u8.Segment) bool {
	f := flight{kind: m3u8.KindSegment, track: tr, rendition: t.rendition, level: p.main.level, seg: s, start: t.base + s.Start}
	return p.cfg.Profile.Gap.Is.avoid(p, &f)
}

// passing is what policies have in common that go on after the segment.
type passing struct{}

func (passing) loads() bool                 { return false }
func (passing) avoid(*Player, *flight) bool { return false }
