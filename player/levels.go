package player

import (
	"slices"

	"hlsload/player/m3u8"
)

// join takes the multivariant playlist: chooses a level and asks for its
// playlists.
func (p *Player) join(l *Ladder) {
	p.ladder, p.start = l, 0
	p.pathway = int16(l.Renditions[0].Pathway)
	switch p.cfg.Profile.Startup.Playlists {
	case PlaylistsAll:
		p.survey = &survey{lists: make([]*m3u8.Media, len(l.Renditions))}
		return
	case PlaylistsFirstListed:
		p.setLevel(l.FirstLevel, true, "start")
	default:
		p.setLevel(p.firstLevel(), true, "start")
	}
	p.switched = 0 // the first choice after it is free
}

// offered reports whether a level can be chosen on the current pathway.
func (p *Player) offered(level int) bool { return p.renditionOf(level) >= 0 }

// renditionOf is the media playlist of a level here and now, -1 if it is not
// offered or penalised.
func (p *Player) renditionOf(level int) int16 {
	l := &p.ladder.Levels[level]
	if p.cfg.Profile.Grouping.Redundant == GroupLocation {
		r := p.location(l.ByPathway, p.main.rendition)
		if r >= 0 && p.penalty().sound() && p.mute(l) {
			return -1
		}
		return r
	}
	r := l.ByPathway[p.pathway]
	if r < 0 || p.errs.penalised(r, p.now) {
		return -1
	}
	if p.penalty().sound() {
		if a := l.AudioByPathway[p.pathway]; a >= 0 && p.errs.penalised(a, p.now) {
			return -1
		}
	}
	return r
}

// mute reports whether a level's sound comes by itself and all copies of it are
// penalised.
func (p *Player) mute(l *Level) bool {
	return slices.ContainsFunc(l.AudioByPathway, func(r int16) bool { return r >= 0 }) && p.location(l.AudioByPathway, -1) < 0
}

// location is the first of redundant copies that is not penalised, the current
// one if that is among them; -1 if all are.
func (p *Player) location(copies []int16, current int16) int16 {
	best := int16(-1)
	for _, r := range copies {
		if r < 0 || p.errs.penalised(r, p.now) {
			continue
		}
		if r == current {
			return r
		}
		if best < 0 {
			best = r
		}
	}
	return best
}

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
	if audio >= 0 && p.cfg.Profile.Grouping.Redundant == GroupLocation {
		current := int16(-1)
		if p.audio != nil {
			current = p.audio.rendition
		}
		if r := p.location(p.ladder.Levels[level].AudioByPathway, current); r >= 0 {
			audio = r
		}
	}
	if audio >= 0 {
		p.setRendition(AudioTrack, audio, abr, reason)
	} else if a := p.audio; a != nil && a.active() {
		p.dropSegment(AudioTrack)
		if f := p.flight(AudioTrack, m3u8.KindMedia); f != nil {
			p.drop(f)
		}
		a.reset()
	}
	p.switched = p.now
}
