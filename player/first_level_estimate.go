package player

// firstByEstimate begins with the level that the first estimate carries, as later
// ones are chosen; with the lowest if it carries none.
type firstByEstimate struct{}

func (*firstByEstimate) choose(p *Player) int {
	down, _ := p.chooser().shares()
	rate := down * p.firstRate()
	best := p.highestWithin(rate)
	if best < 0 {
		return p.firstOf(p.lowestLevel())
	}
	if l := p.chooser().pick(p, allowance{len(p.ladder.Levels), rate, rate}); l >= 0 {
		return l
	}
	return p.firstOf(best)
}
