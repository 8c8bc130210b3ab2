package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// RewindWait puts it aside until its numbers have caught up.
type RewindWait struct {
	Others bool           `yaml:"others"` // also playlists of other renditions
	Retry  units.Duration `yaml:"retry"`  // until the next reload; 0 = as after one without news
}

func (r *RewindWait) Limits(l *policy.Limits) { l.Duration("retry", &r.Retry, 0, time.Minute) }

func (r *RewindWait) aside(old, m *m3u8.Media, reload bool) bool {
	return (reload || r.Others) && !overlap(old, m)
}

func (*RewindWait) place() Placement { return new(PlaceCount) }

func (r *RewindWait) retry() time.Duration { return time.Duration(r.Retry) }

func (*RewindWait) ends() bool { return false }

func (r *RewindWait) others() bool { return r.Others }
