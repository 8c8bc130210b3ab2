package player

// stepFatal ends the session.
type stepFatal struct{}

func (*stepFatal) early() {}

func (*stepFatal) take(p *Player, f *flight, failure Failure, _ int) (Decision, bool) {
	p.fail(f, failure)
	return GiveUp, true
}
