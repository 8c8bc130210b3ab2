package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// RewindPlaced takes it.
type RewindPlaced struct {
	At policy.Choice[Placement] `yaml:"at"` // where it lies
}

func (r *RewindPlaced) Limits(l *policy.Limits) { l.In("at", &r.At) }

func (*RewindPlaced) aside(_, _ *m3u8.Media, _ bool) bool { return false }

func (r *RewindPlaced) place() Placement { return r.At.Is }

func (*RewindPlaced) retry() time.Duration { return 0 }

func (*RewindPlaced) ends() bool { return false }

func (*RewindPlaced) others() bool { return false }
