package player

import (
	"time"

	"hlsload/player/policy"
)

// Loader is in what order, and when, segments are asked for.
type Loader interface {
	policy.Limited
	// pump asks for whatever is due.
	pump(p *Player)
	// turns yields the tracks that may ask for something.
	turns(p *Player, yield func(Track, *track) bool)
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

// Loaders are the ways of loading segments.
var Loaders = policy.Register("loader", policy.Offers[Loader]{
	"eager":      new(LoaderEager),
	"polling":    new(LoaderPolling),
	"one_thread": new(LoaderOneThread),
})

func (p *Player) loader() Loader { return p.cfg.Profile.Loader.Is }

// inTurn reports whether the player does one thing at a time.
func (p *Player) inTurn() bool { return p.loader().inTurn() }

// besides is what loaders have in common that ask for all tracks at once.
type besides struct{}

func (besides) pump(p *Player) {
	for i, t := range p.turns {
		p.pumpList(i, t)
	}
	for i, t := range p.turns {
		p.pumpSegment(i, t)
	}
}

func (besides) turns(p *Player, yield func(Track, *track) bool) {
	for i := range p.tracks() {
		if t := p.track(i); t.active() && !yield(i, t) {
			return
		}
	}
}

func (besides) inTurn() bool { return false }

func (besides) patience() time.Duration { return Never }

func (besides) initAgain() bool { return false }
