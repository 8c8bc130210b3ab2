package player

import "time"

// holdBack is the distance from the live edge at which to play.
func (p *Player) holdBack(t *track) time.Duration {
	m, l := t.media, &p.cfg.Profile.Live
	target, last := m.TargetDuration, m.TargetDuration
	if len(m.Segments) > 0 {
		last = lastDuration(m)
	}
	d := l.HoldBack.Of(target, last)
	if m.ServerControl != nil && m.ServerControl.HoldBack > 0 {
		d = m.ServerControl.HoldBack
	}
	grown := time.Duration(p.stalls) * time.Duration(l.LatencyOnStall)
	return d + min(grown, l.LatencyOnStallMax.Of(target, last))
}

// livePosition is the position to join at, or to catch up to.
func (p *Player) livePosition(t *track) time.Duration {
	m, l := t.media, &p.cfg.Profile.Live
	edge := t.base + m.Duration
	last := m.TargetDuration
	if n := len(m.Segments); n > 0 {
		last = m.Segments[n-1].Duration
	}
	age := min(p.now-t.changedAt, 3*m.TargetDuration)
	pos := edge + age - p.holdBack(t)
	pos = min(max(pos, t.base), max(edge-l.MinFromEdge.Of(m.TargetDuration, last), t.base))
	if l.SnapSegment {
		for i := range m.Segments {
			s := &m.Segments[i]
			if at := t.base + s.Start; pos < at+s.Duration {
				return at
			}
		}
	}
	return pos
}

// startsAnew reports whether a retry begins at another position.
func (p *Player) startsAnew() bool {
	return p.cfg.Profile.Startup.Anew && p.state == loading && !p.main.filled && (p.audio == nil || !p.audio.filled)
}

// joinAt chooses the position to begin with.
func (p *Player) joinAt(t *track) {
	m := t.media
	pos := t.base
	start := m.Start
	if p.ladder.Start != nil {
		start = p.ladder.Start
	}
	if p.cfg.Profile.Startup.IgnoreStart {
		start = nil
	}
	switch {
	case start != nil && start.TimeOffset >= 0:
		pos = t.base + min(start.TimeOffset, m.Duration)
	case start != nil:
		pos = max(t.base, t.base+m.Duration+start.TimeOffset)
	case !m.EndList && m.Type != "VOD":
		pos = p.livePosition(t)
	}
	p.anchor, p.began = pos, pos
	for i := range p.tracks() {
		p.track(i).end = pos
	}
	if a := p.audio; a != nil && a.active() && a.media != nil {
		a.base = p.place(a.media, m, t.base, false)
	}
}
