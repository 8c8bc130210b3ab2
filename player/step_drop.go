package player

// stepDrop gives the segment up and goes on after it, even if it is the newest
// one.
type stepDrop struct{}

func (*stepDrop) take(p *Player, f *flight, _ Failure, _ int) (Decision, bool) {
	if m := p.track(f.track).media; f.seg == nil || m == nil || len(m.Segments) == 0 {
		return NoDecision, false
	}
	p.pass(f)
	return GapSkipped, true
}
