package player

import "time"

// behindSeekLive goes back to the distance from the live edge that it starts at.
type behindSeekLive struct {
	behindReloads `yaml:"-"`
	Once          bool `yaml:"once"` // not again before something was loaded
}

func (b *behindSeekLive) left(p *Player, _ time.Duration) {
	if b.Once && !p.main.filled {
		return
	}
	if to := p.livePosition(&p.main); p.cfg.Profile.Timeline.Segments.Is.plays(to) {
		p.seek(to)
	}
}
