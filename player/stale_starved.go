package player

// staleStarved goes by the time since the playlist changed, but only once playback
// has run dry (media3 PlaylistStuckException).
type staleStarved struct {
	sinceChange `yaml:",inline"`
}

func (s *staleStarved) found(p *Player, f flight, t *track, _ bool) bool {
	t.stalePending = s.long(p, f, t)
	return t.stalePending && p.state == stalled
}
