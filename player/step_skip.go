package player

// stepSkip gives the segment up and goes on after it; not the newest one.
type stepSkip struct{}

func (*stepSkip) take(p *Player, f *flight, _ Failure, _ int) (Decision, bool) {
	m := p.track(f.track).media
	if f.seg == nil || m == nil || len(m.Segments) == 0 || f.seg.Sequence >= m.Segments[len(m.Segments)-1].Sequence {
		return NoDecision, false
	}
	p.pass(f)
	return GapSkipped, true
}
