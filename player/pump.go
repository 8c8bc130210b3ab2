package player

import (
	"time"

	"hlsload/player/m3u8"
)

// pump asks for everything that is due.
func (p *Player) pump() {
	if p.state != playing {
		p.standing()
	}
	if p.state == over {
		return
	}
	if p.ladder == nil {
		if p.now >= p.start && p.flight(MainTrack, m3u8.KindMultivariant) == nil {
			p.fetch(m3u8.KindMultivariant, MainTrack, -1, p.cfg.URL, nil, p.start)
		}
		return
	}
	if p.survey != nil {
		p.pumpSurvey()
		return
	}
	p.slide()
	p.loader().pump(p)
}

// listDue is when a track's playlist is to be asked for; not before listAt.
func (p *Player) listDue(tr Track, t *track) time.Duration {
	if p.flight(tr, m3u8.KindMedia) != nil {
		return Never
	}
	return t.listAt
}

// segmentDue is when the next link of a track's chain is to be looked for. What is
// due and cannot be had waits for an event: a playlist, or a segment of another track.
func (p *Player) segmentDue(tr Track, t *track) time.Duration {
	if t.state != current || t.delayed.holds() || p.chain(tr) != nil || p.main.media == nil {
		return Never
	}
	if t.segAt > p.now {
		return t.segAt
	}
	return p.roomAt(t)
}

// trackWake is when a track wants something. Step has looked for the segments that
// were due.
func (p *Player) trackWake(tr Track, t *track) time.Duration {
	at := p.listDue(tr, t)
	if s := p.segmentDue(tr, t); s > p.now {
		at = min(at, s)
	}
	return max(at, p.now)
}

// busy reports whether anything is in flight.
func (p *Player) busy() bool {
	for i := range p.flights {
		if f := &p.flights[i]; f.id != 0 && !f.waits {
			return true
		}
	}
	return false
}
