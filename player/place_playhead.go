package player

import (
	"time"

	"hlsload/player/m3u8"
)

// placePlayhead puts its start at the playback position.
type placePlayhead struct{}

func (*placePlayhead) at(p *Player, _, _ *m3u8.Media, _ time.Duration) (time.Duration, bool) {
	return p.position(p.now), true
}
