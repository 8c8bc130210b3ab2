package sim

import (
	"time"

	"hlsload/player/m3u8"
)

// lists are the media playlists that were read lately, by version: each one is
// read once as long as it is asked for. A live channel has a new one with every
// segment, and the old ones are forgotten.
type lists struct {
	now, before map[uint64]*m3u8.Media // of this generation, and of the one before
	since       time.Duration          // when this generation began
	listed      int                    // segments in it
}

// A generation is over after a time, or when it is large: many versions are of a
// whole event.
const (
	generation = 30 * time.Second
	maxLists   = 4096
	maxListed  = 1 << 17 // segments
)

// at returns the playlist of a version, nil if it is not kept.
func (l *lists) at(now time.Duration, version uint64) *m3u8.Media {
	if l.now == nil || now-l.since >= generation || len(l.now) >= maxLists || l.listed >= maxListed {
		l.before, l.now, l.since, l.listed = l.now, map[uint64]*m3u8.Media{}, now, 0
	}
	m := l.now[version]
	if m == nil {
		if m = l.before[version]; m != nil {
			l.keep(version, m)
		}
	}
	return m
}

// keep keeps a playlist; at was asked for it at the same instant.
func (l *lists) keep(version uint64, m *m3u8.Media) {
	l.now[version] = m
	l.listed += len(m.Segments)
}
