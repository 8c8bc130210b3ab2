package player

import "hlsload/player/policy"

// staleBufferEnd notices it when a reload brought nothing new and nothing is left to
// play (video.js playlist-controller stuckAtPlaylistEnd_).
type staleBufferEnd struct {
	Once bool `yaml:"once"` // a rendition is never found stale twice
	// Trial goes back to a rendition that was left for being stale only if its playlist
	// has changed since.
	Trial bool     `yaml:"trial"`
	Then  Recovery `yaml:"then"` // steps, tried in order
}

func (s *staleBufferEnd) Limits(l *policy.Limits) { limitSteps(l, &s.Then) }

func (s *staleBufferEnd) found(p *Player, f flight, t *track, aside bool) bool {
	edge := t.base + t.media.Duration
	if aside || p.state == loading || p.ahead(t) > touching || t.end < edge-touching {
		return false // the end that it looks for is that of the playlist that was set aside
	}
	if s.Once || s.Trial {
		rec := p.errs.of(f.rendition)
		if s.Once && rec.wasStale {
			return false
		}
		rec.wasStale = true
		if s.Trial {
			p.errs.remember(f.rendition).stale = t.media
		}
	}
	return true
}

func (s *staleBufferEnd) then() Recovery { return s.Then }
