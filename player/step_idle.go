package player

import "hlsload/player/m3u8"

// stepIdle lifts all penalties and asks for nothing more until the position is
// moved, as a window does that moves on with the clock; once a session.
type stepIdle struct{}

func (*stepIdle) take(p *Player, f *flight, _ Failure, _ int) (Decision, bool) {
	if p.errs.idled || f.kind == m3u8.KindMultivariant {
		return NoDecision, false
	}
	p.errs.idled = true
	for i := range p.errs.renditions {
		p.errs.forgive(&p.errs.renditions[i])
	}
	for i := range p.tracks() {
		p.track(i).idle()
		p.dropSegment(i)
	}
	return NoDecision, true
}
