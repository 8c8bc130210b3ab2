package player

// stepBan gives up what penalty says for ever and chooses again by bandwidth.
type stepBan struct{}

func (*stepBan) take(p *Player, f *flight, failure Failure, _ int) (Decision, bool) {
	return Exclude, p.giveUp(f, failure, Never)
}
