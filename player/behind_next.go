package player

import "time"

// behindNext goes on with the first listed segment.
type behindNext struct {
	behindReloads `yaml:"-"`
}

func (*behindNext) left(p *Player, pos time.Duration) {
	// A player that reads everything itself goes by what it has read.
	if t := &p.main; pos < t.base && !p.inTurn {
		p.seek(t.base)
	}
}
