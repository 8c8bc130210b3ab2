package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// loaderOneThread reads everything in one thread: one request at a time, audio first; a
// track that has nothing left holds up the others until something comes, and they play
// on where it has a hole (FFmpeg).
type loaderOneThread struct {
	plainLoader `yaml:"-"`
	// Patience is how long playback goes on while an answer has not begun; up to 10 s.
	Patience units.Duration `yaml:"patience"`
	// InitAgain loads the initialization section again after every playlist.
	InitAgain bool `yaml:"init_again"`
}

func (l *loaderOneThread) Limits(m *policy.Limits) {
	m.Duration("patience", &l.Patience, time.Millisecond, 10*time.Second)
}

// noTrack comes before the first track.
const noTrack = ^Track(0)

func (l *loaderOneThread) pump(p *Player) {
	for i, ok := l.after(p, noTrack); ok; i, ok = l.after(p, i) {
		t := p.track(i)
		if p.pumpList(i, t); !p.busy() {
			p.pumpSegment(i, t)
		}
	}
}

func (l *loaderOneThread) wake(p *Player) time.Duration {
	at := Never
	for i, ok := l.after(p, noTrack); ok; i, ok = l.after(p, i) {
		at = min(at, p.trackWake(i, p.track(i)))
	}
	return at
}

// after is the track that may ask for something after another one, or after noTrack. It
// ends with a track that asked for something, or that has nothing left and waits
// for its playlist. A player that stands is in the middle of reading what it lacks.
func (l *loaderOneThread) after(p *Player, last Track) (Track, bool) {
	if i := l.lacks(p); i != noTrack {
		return i, last == noTrack && !p.busy()
	}
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

// lacks is the first track of which a player that stands has nothing left, and will
// have more; noTrack if there is none.
func (*loaderOneThread) lacks(p *Player) Track {
	if p.state != stalled {
		return noTrack
	}
	for i := p.tracks(); i > 0; i-- {
		t := p.track(i - 1)
		if t.active() && t.listed() && !p.without(t) && p.ahead(t) == 0 && (t.live() || p.next(t) != nil) {
			return i - 1
		}
	}
	return noTrack
}

// exhausted waits until playback has come to what is to be read.
func (*loaderOneThread) exhausted(p *Player, t *track) bool {
	ahead := p.ahead(t)
	if p.state != playing || ahead <= 0 {
		return false
	}
	t.segAt = p.now + p.lasts(ahead)
	return true
}

func (*loaderOneThread) inTurn() bool              { return true }
func (l *loaderOneThread) patience() time.Duration { return time.Duration(l.Patience) }
func (l *loaderOneThread) initAgain() bool         { return l.InitAgain }
