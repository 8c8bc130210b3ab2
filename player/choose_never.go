package player

// chooseNever stays with the level that the session began with.
type chooseNever struct {
	choosing `yaml:"-"`
}

func (*chooseNever) shares() (down, up float64) { return 1, 1 }

func (*chooseNever) decides(*Player) bool { return false }
