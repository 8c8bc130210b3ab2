package player

import (
	"time"

	"hlsload/player/m3u8"
)

// placeStart puts its start where the window of the one before it starts.
type placeStart struct{}

func (*placeStart) at(p *Player, _, _ *m3u8.Media, base time.Duration) (time.Duration, bool) {
	if t := &p.main; t.media != nil {
		base += p.cfg.Profile.Behind.Is.moved(p, t)
	}
	return base, true
}
