package player

import (
	"time"

	"hlsload/player/m3u8"
)

// placeDate goes by date-times; without those that count, as timeline.apart says.
type placeDate struct{}

func (*placeDate) at(p *Player, m, ref *m3u8.Media, base time.Duration) (time.Duration, bool) {
	if dated, ok := p.byDate(m, ref, base); ok {
		return dated, true
	}
	return p.cfg.Profile.Timeline.Apart.Is.at(p, m, ref, base)
}
