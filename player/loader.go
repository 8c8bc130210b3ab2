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
	// after is the track that may ask for something after another one, or after
	// noTrack.
	after(p *Player, last Track) (Track, bool)
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

// noTrack comes before the first track.
const noTrack = ^Track(0)

// besides is what loaders have in common that ask for all tracks at once.
type besides struct{}

func (b besides) pump(p *Player) {
	for i, ok := b.after(p, noTrack); ok; i, ok = b.after(p, i) {
		p.pumpList(i, p.track(i))
	}
	for i, ok := b.after(p, noTrack); ok; i, ok = b.after(p, i) {
		p.pumpSegment(i, p.track(i))
	}
}

func (besides) after(p *Player, last Track) (Track, bool) {
	for i := last + 1; i < p.tracks(); i++ { // noTrack + 1 = 0
		if p.track(i).active() {
			return i, true
		}
	}
	return noTrack, false
}

func (besides) inTurn() bool { return false }

func (besides) patience() time.Duration { return Never }

func (besides) initAgain() bool { return false }
