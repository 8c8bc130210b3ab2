package player

import "hlsload/player/policy"

// FirstHighest begins with the first listed of the best variants.
type FirstHighest struct{}

func (*FirstHighest) Limits(*policy.Limits) {}

func (*FirstHighest) choose(p *Player) int { return p.firstOf(len(p.ladder.Levels) - 1) }
