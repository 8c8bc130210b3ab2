package player

import (
	"time"

	"hlsload/player/m3u8"
)

// placeZero puts its start where the session's timeline started.
type placeZero struct{}

func (*placeZero) at(*Player, *m3u8.Media, *m3u8.Media, time.Duration) (time.Duration, bool) {
	return 0, true
}
