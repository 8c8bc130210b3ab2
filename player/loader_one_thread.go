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

func (l *LoaderOneThread) pump(p *Player) {
	for i, ok := l.after(p, noTrack); ok; i, ok = l.after(p, i) {
		t := p.track(i)
		if p.pumpList(i, t); !p.busy() {
			p.pumpSegment(i, t)
		}
	}
}

// after ends with a track that asked for something, or that has nothing left and waits
// for its playlist.
func (*LoaderOneThread) after(p *Player, last Track) (Track, bool) {
	i := p.tracks()
	if last != noTrack {
		i = last
		if t := p.track(i); t.active() && t.listAt != Never && !p.without(t) && p.ahead(t) == 0 {
			return noTrack, false
		}
	}
	for ; i > 0 && !p.busy(); i-- {
		if p.track(i - 1).active() {
			return i - 1, true
		}
	}
	return noTrack, false
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
