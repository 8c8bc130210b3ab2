package player

// stepReselect gives up what penalty says and chooses again by bandwidth.
type stepReselect struct{}

func (*stepReselect) take(p *Player, f *flight, failure Failure, _ int) (Decision, bool) {
	return Exclude, p.giveUp(f, failure, p.until(p.penalty().lasts()))
}
