package player

import (
	"time"

	"hlsload/player/policy"
)

// Loader is in what order, and when, segments are asked for.
type Loader interface {
	// pump asks for everything that is due.
	pump(p *Player)
	// wake is when something is due next.
	wake(p *Player) time.Duration
	// exhausted takes a track everything listed of which was loaded. It reports whether
	// there is no need for more yet.
	exhausted(p *Player, t *track) bool
	// look is when such a track is looked at again after a reload brought more.
	look(p *Player, t *track) time.Duration
	// inTurn reports whether one thread does everything, playback included.
	inTurn() bool
	// patience is how long playback goes on while an answer has not begun; Never = until
	// the buffer is empty.
	patience() time.Duration
	// leadIn is how much before the position the first segment of an empty buffer is
	// looked for.
	leadIn() time.Duration
	// initBeside reports whether an initialization section and the segment that needs it
	// are asked for at the same time.
	initBeside() bool
	// initAgain reports whether the initialization section is loaded again after every
	// playlist.
	initAgain() bool
	// repeatJoint reports whether the last buffered segment is loaded again as the first
	// one of another rendition, if it carries audio and video.
	repeatJoint() bool
}

var _ = policy.Register("loader", policy.Offers[Loader]{
	"eager":      new(loaderEager),
	"polling":    new(loaderPolling),
	"one_thread": new(loaderOneThread),
})

func (p *Player) loader() Loader { return p.cfg.Profile.Loader.Is }

// plainLoader is a Loader in its plainest form, but for the order.
type plainLoader struct{}

func (plainLoader) exhausted(*Player, *track) bool         { return false }
func (plainLoader) look(p *Player, _ *track) time.Duration { return p.now }
func (plainLoader) inTurn() bool                           { return false }
func (plainLoader) patience() time.Duration                { return Never }
func (plainLoader) leadIn() time.Duration                  { return 0 }
func (plainLoader) initBeside() bool                       { return false }
func (plainLoader) initAgain() bool                        { return false }
func (plainLoader) repeatJoint() bool                      { return false }

// besides is what loaders have in common that ask for all tracks at once.
type besides struct{ plainLoader }

func (*besides) pump(p *Player) {
	p.pumpLists()
	if p.main.active() {
		p.pumpSegment(MainTrack, &p.main)
	}
	if a := p.audio; a != nil && a.active() {
		p.pumpSegment(AudioTrack, a)
	}
}

func (*besides) wake(p *Player) time.Duration {
	at := Never
	if p.main.active() {
		at = p.trackWake(MainTrack, &p.main)
	}
	if a := p.audio; a != nil && a.active() {
		at = min(at, p.trackWake(AudioTrack, a))
	}
	return at
}
