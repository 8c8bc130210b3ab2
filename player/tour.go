package player

import (
	"time"

	"hlsload/player/m3u8"
)

// tour is a player's first look at a presentation: every media playlist, then
// one segment of each that will not be played, one after the other.
type tour struct {
	lists []*m3u8.Media // by rendition; nil = not loaded, or failed
	next  int           // rendition to visit; those from len(lists) on are probes
}

// pumpTour asks for the next thing to visit, or ends the tour.
func (p *Player) pumpTour() {
	t := p.tour
	if p.flight(MainTrack, m3u8.KindMedia) != nil || p.chain(MainTrack) != nil {
		return
	}
	n := len(t.lists)
	for ; t.next < 2*n; t.next++ {
		r := t.next % n
		if t.next < n {
			p.fetch(m3u8.KindMedia, MainTrack, int16(r), p.ladder.Renditions[r].URL, nil, p.now)
			return
		}
		if t.next == n && !p.settle() {
			p.finish(Fatal, "media: no playlist could be loaded")
			return
		}
		m := t.lists[r]
		if m == nil || len(m.Segments) == 0 || int16(r) == p.main.rendition || p.audio != nil && int16(r) == p.audio.rendition {
			continue
		}
		s := &m.Segments[0]
		if !m.EndList {
			s = p.segmentAt(m, m.Duration-p.cfg.Profile.Live.HoldBack.Of(m.TargetDuration, m.Segments[len(m.Segments)-1].Duration))
		}
		f := p.fetch(m3u8.KindSegment, MainTrack, int16(r), s.URL, s.ByteRange, p.now)
		f.seg = s
		return
	}
	p.tour = nil
	p.pump()
}

// segmentAt is the segment that covers an instant of a playlist with segments.
func (p *Player) segmentAt(m *m3u8.Media, at time.Duration) *m3u8.Segment {
	i := 0
	for i < len(m.Segments)-1 && m.Segments[i].Start+m.Segments[i].Duration <= at {
		i++
	}
	return &m.Segments[i]
}

// visit takes an answer of the tour.
func (p *Player) visit(f *flight, m *m3u8.Media) {
	if f.kind == m3u8.KindMedia {
		p.tour.lists[f.rendition] = m
	}
	p.tour.next++
}

// settle chooses the level to play among those whose playlists were loaded.
func (p *Player) settle() bool {
	t := p.tour
	level := p.firstLevel()
	if t.lists[p.renditionOf(level)] == nil {
		level = -1
		for i := range p.ladder.Levels {
			if r := p.renditionOf(i); r >= 0 && t.lists[r] != nil {
				level = i
			}
		}
	}
	if level < 0 {
		return false
	}
	p.setLevel(level, true, "start")
	for i := range p.tracks() {
		if tr := p.track(i); tr.active && t.lists[tr.rendition] != nil {
			tr.listAt = Never
			p.playlist(&flight{kind: m3u8.KindMedia, track: i, rendition: tr.rendition, sent: p.now}, t.lists[tr.rendition])
		}
	}
	return true
}
