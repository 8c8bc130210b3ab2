package player

import "hlsload/player/policy"

// gapLoad does not know the tag: the segment is asked for.
type gapLoad struct{}

func (*gapLoad) Limits(*policy.Limits)       {}
func (*gapLoad) loads() bool                 { return true }
func (*gapLoad) avoid(*Player, *flight) bool { return false }
