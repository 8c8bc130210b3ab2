package player

// clockOnDemand loads a playlist only when a segment is wanted (FFmpeg read_data); the
// intervals are minima.
type clockOnDemand struct {
	intervals `yaml:",inline"`
}

func (c *clockOnDemand) schedule(p *Player, l load, t *track, news bool) {
	if t.reloadAt(Never); !t.live() {
		return
	}
	// A player that has nothing left asks at the shorter interval until something comes.
	if p.state == stalled && p.ahead(t) == 0 || p.survey != nil && p.survey.passes > 0 {
		news = false
	}
	t.scheduled = p.now + p.reloadIn(l.track, t, news)
}

// first: no playlist is loaded for a segment that failed and is asked for again while the
// one before it is still read (read_data opens the next segment without a look at the list).
func (c *clockOnDemand) first(p *Player, t *track) bool {
	return t.live() && (t.tries[1] == 0 || p.ahead(t) <= touching)
}
