package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// RewindFatal puts a reload aside, also with numbers in common; without, the session
// ends once playback has run dry (media3 PlaylistResetException).
type RewindFatal struct{}

func (*RewindFatal) Limits(*policy.Limits) {}

func (*RewindFatal) aside(_, _ *m3u8.Media, reload bool) bool { return reload }

func (*RewindFatal) place() Placement { return new(PlaceCount) }

func (*RewindFatal) retry() time.Duration { return 0 }

func (*RewindFatal) ends() bool { return true }

func (*RewindFatal) others() bool { return false }
