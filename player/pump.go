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
	if p.inTurn() {
		for i, t := range p.turns {
			if p.pumpList(i, t); !p.busy() {
				p.pumpSegment(i, t)
			}
		}
		return
	}
	for i, t := range p.turns {
		p.pumpList(i, t)
	}
	for i, t := range p.turns {
		p.pumpSegment(i, t)
	}
}

// turns yields the tracks that may ask for something. With one thread these are,
// audio first, those up to the first one that asked, or that has nothing left and
// waits for its playlist.
func (p *Player) turns(yield func(Track, *track) bool) {
	if !p.inTurn() {
		for i := range p.tracks() {
			if t := p.track(i); t.active() && !yield(i, t) {
				return
			}
		}
		return
	}
	for i := p.tracks(); i > 0 && !p.busy(); i-- {
		t := p.track(i - 1)
		if t.active() && (!yield(i-1, t) || t.listAt != Never && !p.without(t) && p.ahead(t) == 0) {
			return
		}
	}
}

// listDue is when a track's playlist is to be asked for.
func (p *Player) listDue(tr Track, t *track) time.Duration {
	if p.flight(tr, m3u8.KindMedia) != nil {
		return Never
	}
	return t.listAt
}

// segmentDue is when the next link of a track's chain is to be looked for. What is
// due and cannot be had waits for an event: a playlist, or a segment of another track.
func (p *Player) segmentDue(tr Track, t *track) time.Duration {
	if t.state != current || t.delayed != nil || p.chain(tr) != nil || p.main.media == nil {
		return Never
	}
	if t.segAt > p.now {
		return t.segAt
	}
	at := p.roomAt(t)
	if at > p.now && p.next(t) == nil && !(p.cfg.Profile.Reload.OnDemand && t.live()) {
		return Never
	}
	return at
}

// trackWake is when a track wants something. Step has looked for the segments that
// were due.
func (p *Player) trackWake(tr Track, t *track) time.Duration {
	at := p.listDue(tr, t)
	if t.delayed != nil {
		at = min(at, t.delayed.at)
	} else if s := p.segmentDue(tr, t); s > p.now {
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
