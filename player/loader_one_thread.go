package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// LoaderOneThread reads everything in one thread: one request at a time, audio first; a
// track that waits for its playlist holds up the others (FFmpeg).
type LoaderOneThread struct {
	// Patience is how long playback goes on while an answer has not begun; up to 10 s.
	Patience units.Duration `yaml:"patience"`
	// InitAgain loads the initialization section again after every playlist.
	InitAgain bool `yaml:"init_again"`
}

func (l *LoaderOneThread) Limits(m *policy.Limits) {
	m.Duration("patience", &l.Patience, time.Millisecond, 10*time.Second)
}

func (*LoaderOneThread) pump(p *Player) {
	for i, t := range p.turns {
		if p.pumpList(i, t); !p.busy() {
			p.pumpSegment(i, t)
		}
	}
}

// turns yields the tracks up to the first one that asked for something, or that has
// nothing left and waits for its playlist.
func (*LoaderOneThread) turns(p *Player, yield func(Track, *track) bool) {
	for i := p.tracks(); i > 0 && !p.busy(); i-- {
		t := p.track(i - 1)
		if t.active() && (!yield(i-1, t) || t.listAt != Never && !p.without(t) && p.ahead(t) == 0) {
			return
		}
	}
}

// exhausted waits until playback has come to what is to be read.
func (*LoaderOneThread) exhausted(p *Player, t *track) bool {
	ahead := p.ahead(t)
	if p.state != playing || ahead <= 0 {
		return false
	}
	t.segAt = p.now + p.lasts(ahead)
	return true
}

func (*LoaderOneThread) look(p *Player, _ *track) time.Duration { return p.now }

func (*LoaderOneThread) inTurn() bool { return true }

func (l *LoaderOneThread) patience() time.Duration { return time.Duration(l.Patience) }

func (*LoaderOneThread) leadIn() time.Duration { return 0 }

func (*LoaderOneThread) initBeside() bool { return false }

func (l *LoaderOneThread) initAgain() bool { return l.InitAgain }

func (*LoaderOneThread) repeatJoint() bool { return false }
