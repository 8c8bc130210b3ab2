package fleet

import (
	"hlsload/player"
	"hlsload/player/audience"
)

// keepCaution keeps what a viewer's player knows of URLs that failed until the
// viewer is back: to leave and to come back again and again must not make more
// requests than to stay. f.mu must be held.
func (f *Fleet) keepCaution(next *audience.Arrival, s *session) {
	if c := s.player.Caution(); c != nil && next.Player == s.arrival.Player {
		f.cautions[next.Player] = c
	}
}

// takeCaution is what the last player of a viewer knew; nil = nothing.
func (f *Fleet) takeCaution(viewer uint64) *player.Caution {
	if !f.cfg.Cautious {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.cautions[viewer]
	delete(f.cautions, viewer)
	return c
}
