package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// rewindWait puts it aside until its numbers have caught up.
type rewindWait struct {
	rewindCounts `yaml:"-"`
	Others       bool           `yaml:"others"` // also playlists of other renditions
	Retry        units.Duration `yaml:"retry"`  // until the next reload; 0 = as after one without news
}

func (r *rewindWait) Limits(l *policy.Limits) { l.Duration("retry", &r.Retry, 0, time.Minute) }

func (r *rewindWait) aside(old, m *m3u8.Media, reload bool) bool {
	return (reload || r.Others) && !overlap(old, m)
}

func (r *rewindWait) retry() time.Duration { return time.Duration(r.Retry) }

func (r *rewindWait) others() bool { return r.Others }
