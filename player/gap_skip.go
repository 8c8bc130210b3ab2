package player

import "hlsload/player/policy"

// gapSkip does not ask for the segment; playback goes on after it.
type gapSkip struct{}

func (*gapSkip) Limits(*policy.Limits)       {}
func (*gapSkip) loads() bool                 { return false }
func (*gapSkip) avoid(*Player, *flight) bool { return false }
