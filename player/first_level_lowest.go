package player

// firstLowest begins with the lowest level.
type firstLowest struct{}

func (*firstLowest) choose(*Player) int { return 0 }
