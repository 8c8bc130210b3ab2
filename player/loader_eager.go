package player

// loaderEager asks for the next segment as soon as one is listed and the buffer has
// room.
type loaderEager struct {
	besides `yaml:"-"`
	// InitBeside asks for an initialization section and the segment that needs
	// it at the same time.
	InitBeside bool `yaml:"init_beside"`
	// RepeatJoint loads the last buffered segment again as the first one of
	// another rendition, if it carries audio and video: these do not end
	// together, so it counts as incomplete. Not twice in a row.
	RepeatJoint bool `yaml:"repeat_joint"`
}

func (l *loaderEager) initBeside() bool { return l.InitBeside }

func (l *loaderEager) repeatJoint() bool { return l.RepeatJoint }
