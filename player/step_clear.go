package player

// stepClear lifts all penalties but those for ever, gives up what penalty says
// and chooses again by bandwidth. Where nothing else is there the same is loaded
// again after half a target duration.
type stepClear struct{}

func (*stepClear) take(p *Player, f *flight, failure Failure, _ int) (Decision, bool) {
	p.errs.restore()
	r := p.penalty().of(p, f)
	p.errs.penalise(r, p.until(p.penalty().lasts()))
	if !p.reselect(f, failure, true) { // it is the only one
		p.errs.forgive(p.errs.of(r))
		p.again(f, p.targetDuration(f.track)/2)
	}
	return Exclude, true
}
