package player

// stepSpared moves to the level that bandwidth would choose, if it led to fewer
// recoveries than the current one (hls.js abr-controller nextAutoLevel).
type stepSpared struct{}

func (*stepSpared) take(p *Player, _ *flight, failure Failure, _ int) (Decision, bool) {
	to := p.bestLevel()
	if to < 0 || to == int(p.main.level) || p.errs.recoveries(p.renditionOf(to)) >= p.errs.recoveries(p.main.rendition) {
		return NoDecision, false
	}
	p.forced = int16(to)
	p.setLevel(to, false, failure.String())
	return Step, true
}
