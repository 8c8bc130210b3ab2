package player

// stepLevel moves to the next lower level without an error, then from the top
// down, on the same pathway (hls.js error-controller getLevelSwitchAction). For
// audio it must be a level with another audio rendition. A level that failed is
// marked until media of it was buffered.
type stepLevel struct{}

func (*stepLevel) take(p *Player, f *flight, failure Failure, _ int) (Decision, bool) {
	n, cur := len(p.ladder.Levels), int(p.main.level)
	for i := n - 1; i > 0; i-- {
		c := (cur + i) % n
		r := p.renditionOf(c)
		if r < 0 || p.errs.recoveries(r) > 0 {
			continue
		}
		if f.track == AudioTrack && p.ladder.Levels[c].AudioByPathway[p.pathway] == f.rendition {
			continue
		}
		p.errs.lists = 0
		p.forced = int16(c)
		p.setLevel(c, false, failure.String())
		return Step, true
	}
	return NoDecision, false
}
