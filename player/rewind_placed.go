package player

import (
	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// rewindPlaced takes it.
type rewindPlaced struct {
	rewindCounts `yaml:"-"`
	At           policy.Choice[Placement] `yaml:"at"` // where it lies
}

func (r *rewindPlaced) Limits(l *policy.Limits) { l.In("at", &r.At) }

func (*rewindPlaced) aside(_, _ *m3u8.Media, _ bool) bool { return false }

func (r *rewindPlaced) place() Placement { return r.At.Is }
