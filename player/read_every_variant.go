package player

import "hlsload/player/policy"

// readEveryVariant takes every variant for a level of its own, copies or not.
type readEveryVariant struct{}

func (*readEveryVariant) Limits(*policy.Limits) {}

func (*readEveryVariant) Copies() []string                           { return nil }
func (*readEveryVariant) pick(p *Player, l *Level) int16             { return p.onPathway(l) }
func (*readEveryVariant) sound(_ *Player, _ *Level, own int16) int16 { return own }
