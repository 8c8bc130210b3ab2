package player

import (
	"time"

	"hlsload/player/policy"
)

// LoaderEager asks for the next segment as soon as one is listed and the buffer has
// room.
type LoaderEager struct {
	besides `yaml:"-"`
	// InitBeside asks for an initialization section and the segment that needs
	// it at the same time.
	InitBeside bool `yaml:"init_beside"`
	// RepeatJoint loads the last buffered segment again as the first one of
	// another rendition, if it carries audio and video: these do not end
	// together, so it counts as incomplete. Not twice in a row.
	RepeatJoint bool `yaml:"repeat_joint"`
}

func (*LoaderEager) Limits(*policy.Limits) {}

func (*LoaderEager) exhausted(*Player, *track) bool { return false }

func (*LoaderEager) look(p *Player, _ *track) time.Duration { return p.now }

func (*LoaderEager) leadIn() time.Duration { return 0 }

func (l *LoaderEager) initBeside() bool { return l.InitBeside }

func (l *LoaderEager) repeatJoint() bool { return l.RepeatJoint }
