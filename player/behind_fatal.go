package player

import "time"

// behindFatal ends the session (media3 BehindLiveWindowException).
type behindFatal struct {
	behindReloads `yaml:"-"`
}

func (*behindFatal) left(p *Player, _ time.Duration) {
	if p.state == stalled {
		p.finish(Fatal, "behind the live window")
	}
}

func (*behindFatal) goesOn() bool { return false }
