package player

import "hlsload/player/m3u8"

// rewindFatal puts a reload aside, also with numbers in common; without, the session
// ends once playback has run dry (media3 PlaylistResetException).
type rewindFatal struct {
	rewindCounts `yaml:"-"`
}

func (*rewindFatal) aside(_, _ *m3u8.Media, reload bool) bool { return reload }

func (*rewindFatal) ends() bool { return true }
