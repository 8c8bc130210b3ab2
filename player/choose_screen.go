package player

import "hlsload/player/units"

// chooseScreen takes, of the levels that fit in a share of the estimate, the one of
// the size of the player on its page, else the smallest that is larger; after
// every segment that followed another one of its rendition.
type chooseScreen struct {
	choosingWithin `yaml:",inline"`
	Size           units.Size `yaml:"size"` // of the player, in pixels; none = the highest level that fits
}

func (c *chooseScreen) considers(follows bool) bool { return follows }

// pick is, of the levels that fit, the best one of the screen's size, else the
// best one of the smallest size that is larger; -1 if there is none (video.js
// playlist-selectors simpleSelector).
func (c *chooseScreen) pick(p *Player, allowed allowance) int {
	s := c.Size
	best := -1
	if s.Width == 0 {
		return best
	}
	exact := func(l *Level) bool { return l.Width == s.Width && l.Height == s.Height }
	for i := range p.ladder.Levels {
		l := &p.ladder.Levels[i]
		if !exact(l) && l.Width <= s.Width && l.Height <= s.Height || l.Width == 0 || !p.usable(i) || !allowed.fits(p, i) {
			continue
		}
		if best >= 0 {
			b := &p.ladder.Levels[best]
			switch {
			case exact(l) != exact(b):
				if exact(b) {
					continue
				}
			case l.Width != b.Width:
				if l.Width > b.Width {
					continue
				}
			case l.Height != b.Height || l.Bandwidth <= b.Bandwidth:
				continue
			}
		}
		best = i
	}
	return best
}
