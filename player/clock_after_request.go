package player

// clockAfterRequest measures from when the previous request left.
type clockAfterRequest struct {
	intervals `yaml:",inline"`
}

func (c *clockAfterRequest) schedule(p *Player, l load, t *track, news bool) {
	if !t.live() {
		t.reloadAt(Never)
		return
	}
	t.reloadAt(max(l.sent+p.reloadIn(l.track, t, news), p.now))
}
