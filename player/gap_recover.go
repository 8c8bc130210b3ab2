package player

import "hlsload/player/policy"

// gapRecover takes a step first: another rendition may have what is missing here.
// If none can be taken playback goes on after the segment.
type gapRecover struct {
	passing `yaml:"-"`
	Then    Recovery `yaml:"then"` // steps
}

func (g *gapRecover) Limits(l *policy.Limits) { limitSteps(l, &g.Then) }

func (g *gapRecover) avoid(p *Player, f *flight) bool { return p.recover(f, g.Then, Gap, 0) }
