package player

import "hlsload/player/policy"

// FirstListed begins with the first listed variant.
type FirstListed struct{}

func (*FirstListed) Limits(*policy.Limits) {}

func (*FirstListed) choose(p *Player) int { return p.ladder.FirstLevel }
