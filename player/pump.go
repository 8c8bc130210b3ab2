package player

import (
	"time"

	"hlsload/player/m3u8"
)

// pump asks for whatever is due.
func (p *Player) pump() {
	p.standing()
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
	if p.cfg.Profile.Buffer.Blocks > 0 {
		p.pumpInTurn()
		return
	}
	for i := range p.tracks() {
		if t := p.track(i); t.active {
			p.pumpList(i, t)
		}
	}
	for i := range p.tracks() {
		if t := p.track(i); t.active {
			p.pumpSegment(i, t)
		}
	}
}

// pumpInTurn asks for one thing at a time.
func (p *Player) pumpInTurn() {
	for i := p.tracks(); i > 0 && !p.busy(); i-- {
		tr := i - 1
		t := p.track(tr)
		if !t.active {
			continue
		}
		if p.pumpList(tr, t); p.busy() {
			return
		}
		if p.pumpSegment(tr, t); p.busy() || p.holdsUp(t) {
			return
		}
	}
}

// holdsUp reports whether a track that has nothing left waits for its playlist, so
// that it is not the turn of others.
func (p *Player) holdsUp(t *track) bool { return t.listAt != Never && !p.without(t) && p.ahead(t) == 0 }

// turnWake is when those whose turn it is want something.
func (p *Player) turnWake() time.Duration {
	at := Never
	if p.busy() {
		return at
	}
	for i := p.tracks(); i > 0; i-- {
		if t := p.track(i - 1); t.active {
			if at = min(at, p.trackWake(i-1, t)); p.holdsUp(t) {
				break
			}
		}
	}
	return at
}

// trackWake is when a track wants something.
func (p *Player) trackWake(i Track, t *track) time.Duration {
	at := Never
	if p.flight(i, m3u8.KindMedia) == nil {
		at = t.listAt
	}
	if t.delayed != nil {
		at = min(at, t.delayed.at)
	} else if p.chain(i) == nil && t.current && !t.waiting && !t.exhausted {
		if t.segAt > p.now {
			at = min(at, t.segAt)
		} else if room := p.roomAt(t); room > p.now && (p.next(t) != nil || p.cfg.Profile.Reload.OnDemand && t.live()) {
			at = min(at, room)
		}
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
