package player

import "hlsload/player/policy"

// FirstLowest begins with the lowest level.
type FirstLowest struct{}

func (*FirstLowest) Limits(*policy.Limits) {}

func (*FirstLowest) choose(*Player) int { return 0 }
