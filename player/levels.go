package player

import "hlsload/player/m3u8"

// join takes the multivariant playlist: chooses a level and asks for its
// playlists.
func (p *Player) join(l *Ladder) {
	p.ladder, p.start = l, 0
	p.pathway = int16(l.Renditions[0].Pathway)
	p.cfg.Profile.Startup.Playlists.Is.begin(p)
}

// offered reports whether a level can be chosen on the current pathway.
func (p *Player) offered(level int) bool { return p.renditionOf(level) >= 0 }

// renditionOf is the media playlist of a level here and now, -1 if it is not
// offered or penalised.
func (p *Player) renditionOf(level int) int16 { return p.reading().pick(p, &p.ladder.Levels[level]) }

// setLevel is the transition to another level or to the same level elsewhere.
func (p *Player) setLevel(level int, abr bool, reason string) {
	to := p.renditionOf(level)
	if to < 0 {
		// Everything of this level is penalised; there is nothing better.
		to = p.ladder.Levels[level].ByPathway[p.pathway]
		if to < 0 {
			return
		}
	}
	t := &p.main
	if p.tryOut(level, to) {
		return
	}
	t.level = int16(level)
	p.setRendition(MainTrack, to, abr, reason)
	audio := p.ladder.Levels[level].AudioByPathway[p.ladder.Renditions[to].Pathway]
	if audio >= 0 {
		p.setRendition(AudioTrack, p.reading().sound(p, &p.ladder.Levels[level], audio), abr, reason)
	} else if a := p.audio; a != nil && a.active() {
		p.dropSegment(AudioTrack)
		if f := p.flight(AudioTrack, m3u8.KindMedia); f != nil {
			p.drop(f)
		}
		a.reset()
	}
	p.switched = p.now
}
