package player

import (
	"time"
)

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

// leaves is when a player that stands still falls out of a window that moves
// with the clock; Never for others.
func (p *Player) leaves() time.Duration {
	t := &p.main
	if !p.cfg.Profile.Live.Sliding || p.state != stalled || t.media == nil || !t.live() {
		return Never
	}
	return t.changedAt + max(p.anchor-t.base, 0) + time.Millisecond
}

// slideWake is when that is to be looked at.
func (p *Player) slideWake() time.Duration { return max(p.leaves(), p.now) }

// slide deals with having fallen out of such a window.
func (p *Player) slide() {
	if p.now < p.leaves() {
		return
	}
	t := &p.main
	// Whether anything is listed there does not matter.
	p.seek(t.base + p.now - t.changedAt + time.Duration(p.cfg.Profile.Live.BehindOffset))
}

// behind deals with a position that has left the window.
func (p *Player) behind(t *track) {
	if t != &p.main || t.media.EndList {
		return
	}
	pos := p.position(p.now)
	if pos >= t.base-250*time.Millisecond && pos <= t.base+t.media.Duration {
		return
	}
	if p.state == playing && p.ahead(t) > touching {
		return // what is buffered is played first
	}
	l := &p.cfg.Profile.Live
	if l.BehindOnce && !t.filled {
		return
	}
	switch l.Behind {
	case BehindSeekLive:
		if to := p.livePosition(t); to >= 0 || !p.cfg.Profile.Timeline.Origin {
			p.seek(to)
		}
	case BehindWindowStart:
		p.seek(min(t.base+time.Duration(l.BehindOffset), t.base+t.media.Duration))
	case BehindFatal:
		if p.state == stalled {
			p.finish(Fatal, "behind the live window")
		}
	case BehindNext:
		// A player that reads everything itself goes by what it has read.
		if pos < t.base && p.cfg.Profile.Buffer.Blocks == 0 {
			p.seek(t.base)
		}
	}
}
