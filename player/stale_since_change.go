package player

// staleSinceChange goes by the time since the playlist changed, at each reload.
type staleSinceChange struct {
	sinceChange `yaml:",inline"`
}

func (s *staleSinceChange) found(p *Player, f flight, t *track, _ bool) bool { return s.long(p, f, t) }
