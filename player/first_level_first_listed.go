package player

// firstListed begins with the first listed variant.
type firstListed struct{}

func (*firstListed) choose(p *Player) int { return p.ladder.FirstLevel }
