package player

// readLocations takes copies for other URLs of one level: each level moves by itself.
type readLocations struct {
	copies `yaml:",inline"`
}

func (*readLocations) pick(p *Player, l *Level) int16 {
	r := p.location(l.ByPathway, p.main.rendition)
	if r >= 0 && p.penalty().sound() && p.mute(l) {
		return -1
	}
	return r
}

func (*readLocations) sound(p *Player, l *Level, own int16) int16 {
	current := int16(-1)
	if p.audio != nil {
		current = p.audio.rendition
	}
	if r := p.location(l.AudioByPathway, current); r >= 0 {
		return r
	}
	return own
}
