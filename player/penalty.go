package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/units"
)

func (b *errorBook) penalised(rendition int16, now time.Duration) bool {
	r := b.find(rendition)
	return r != nil && r.was().until > now
}

// blamed tells whether bandwidth may not choose a level because it failed.
func (b *errorBook) blamed(p *Player, level int) bool {
	if b.renditions == nil || p.cfg.Profile.Penalty.Of == OfRendition {
		return false
	}
	rendition := p.renditionOf(level)
	if rendition < 0 {
		return true
	}
	r := b.find(rendition)
	return r != nil && r.was().until == 0 && (r.loads > 0 || r.segments > 0)
}

func (b *errorBook) pathwayUntil(i int16) time.Duration {
	if b.pathways == nil {
		return 0
	}
	return b.pathways[i]
}

// wake is when a penalty ends, for players that look at that.
func (b *errorBook) wake(p *Player) time.Duration {
	at := Never
	if p.cfg.Profile.Penalty.Return == ReturnOnError {
		return at
	}
	for _, r := range b.renditions {
		if r.was().until > p.now {
			at = min(at, r.was().until)
		}
	}
	for _, u := range b.pathways {
		if u > p.now {
			at = min(at, u)
		}
	}
	return at
}

// returns goes back to what a penalty that ended had kept away from.
func (p *Player) returns() {
	how := p.cfg.Profile.Penalty.Return
	if how == ReturnOnError || p.ladder == nil || p.state == over {
		return
	}
	ended := false
	for i := range p.errs.renditions {
		if r := &p.errs.renditions[i]; r.was().until > 0 && r.was().until <= p.now {
			r.forgive()
			ended = true
		}
	}
	for i, u := range p.errs.pathways {
		if u > 0 && u <= p.now {
			p.errs.pathways[i], ended = 0, true
		}
	}
	if !ended {
		return
	}
	if best := p.freePathway(-1); best >= 0 && best < p.pathway {
		p.pathway = best
		p.setLevel(int(p.main.level), true, "penalty ended")
		return
	}
	if how == ReturnAtExpiry && p.main.active() {
		a := &p.cfg.Profile.ABR
		if l := p.bestLevel(p.abr.estimate(), a.Down, a.Up, p.ahead(&p.main)); l >= 0 && l != int(p.main.level) {
			p.setLevel(l, true, "penalty ended")
		}
	}
}

// freePathway is the first listed pathway that is not penalised and offers
// something, other than the given one; -1 if there is none.
func (p *Player) freePathway(not int16) int16 {
	for i := range int16(len(p.ladder.Pathways)) {
		if i == not || p.errs.pathwayUntil(i) > p.now {
			continue
		}
		for l := range p.ladder.Levels {
			if p.ladder.Levels[l].ByPathway[i] >= 0 {
				return i
			}
		}
	}
	return -1
}

// failing is what StepReselect gives up because of a fetch.
func (p *Player) failing(f *flight) int16 {
	if p.cfg.Profile.Penalty.Of == OfRendition {
		return f.rendition
	}
	return p.main.rendition
}

// reselect is the choice by bandwidth after an error; last tells that nothing
// else was left.
func (p *Player) reselect(f *flight, failure Failure, last bool) bool {
	main := &p.main
	a := &p.cfg.Profile.ABR
	from := p.errs.of(main.rendition)
	from.known = from.known || main.listed()
	if f.kind == m3u8.KindMedia {
		asked := p.now
		if f.update && f.rendition == main.mediaOf {
			asked = main.loadedAt // a failed reload does not count
		}
		p.errs.of(f.rendition).remember().asked = asked
	}
	to := p.bestLevel(p.abr.estimate(), a.Down, a.Up, p.ahead(main))
	if to < 0 || p.renditionOf(to) < 0 {
		return false
	}
	left := main.rendition
	p.setLevel(to, false, failure.String())
	if d := p.cfg.Profile.Reload.AfterError; d > 0 && f.update && main.scheduled >= 0 {
		main.scheduled = p.now + time.Duration(d)
	}
	p.pause(left, last)
	return true
}

// pause delays the playlist that was just chosen in place of another one, if
// it was asked for a moment ago or is the last one. If it is the one that is
// still in use, because that of the other one never came, nothing changes but
// that it is loaded again when it would be after a load.
func (p *Player) pause(left int16, last bool) {
	t, r := &p.main, &p.cfg.Profile.Penalty
	if r.Pause.Zero() || t.rendition == left {
		return
	}
	rec, d := p.errs.find(t.rendition), time.Duration(r.PauseUnknown)
	target, segment := p.targetDuration(MainTrack), p.segmentDuration()
	if rec == nil || rec.known {
		d = r.Pause.Of(target, segment)
	}
	asked := time.Duration(0)
	if rec != nil {
		asked = rec.was().asked
	}
	back := t.mediaOf == t.rendition
	if back {
		asked = max(asked, t.loadedAt)
	}
	if last || asked > 0 && p.now-asked <= d {
		t.reloadAt(p.now + d)
	}
	if back {
		t.wait()
		t.joint = noJoint
		t.reloadAt(t.listAt + p.cfg.Profile.Reload.Changed.Of(target, segment))
	}
}

// until is the end of a penalty that begins now.
func (p *Player) until(d units.Duration) time.Duration {
	if time.Duration(d) >= Never-p.now {
		return Never
	}
	return p.now + time.Duration(d)
}
