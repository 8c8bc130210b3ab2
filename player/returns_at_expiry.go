package player

// returnAtExpiry chooses again by bandwidth as soon as a penalty ends.
type returnAtExpiry struct{}

func (*returnAtExpiry) notices() bool { return true }

func (*returnAtExpiry) ended(p *Player) {
	if !p.main.active() {
		return
	}
	if l := p.bestLevel(); l >= 0 && l != int(p.main.level) {
		p.setLevel(l, true, "penalty ended")
	}
}
