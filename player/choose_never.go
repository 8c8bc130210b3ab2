package player

import "hlsload/player/policy"

// ChooseNever stays with the level that the session began with.
type ChooseNever struct {
	choosing `yaml:"-"`
}

func (*ChooseNever) Limits(*policy.Limits) {}

func (*ChooseNever) shares() (down, up float64) { return 1, 1 }
func (*ChooseNever) decides(*Player) bool       { return false }
