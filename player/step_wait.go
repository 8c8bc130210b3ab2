package player

import "hlsload/player/m3u8"

// stepWait asks for the same segment again after the next reload.
type stepWait struct{}

func (*stepWait) take(p *Player, f *flight, _ Failure, _ int) (Decision, bool) {
	t := p.track(f.track)
	if f.left {
		return NoDecision, true // what is played now goes on
	}
	t.tries[1] = 0
	if t.listAt == Never && p.flight(f.track, m3u8.KindMedia) == nil {
		return NoDecision, false
	}
	t.wait()
	return NoDecision, true
}
