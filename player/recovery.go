package player

import (
	"slices"
	"time"

	"hlsload/player/m3u8"
)

// climb takes the first step of a ladder that can be taken. n is how many
// failures of the kind there were before.
func (p *Player) climb(f *flight, rungs []Rung, failure Failure, n int) bool {
	if f.kind != m3u8.KindMultivariant {
		r := p.errs.of(p.main.rendition)
		r.loads = bump(r.loads)
	}
	for _, rung := range rungs {
		before := len(p.out)
		d, ok := p.take(f, rung, failure, n)
		if !ok {
			continue
		}
		if d != NoDecision { // it comes before what it led to
			p.out = slices.Insert(p.out, before, Action{Type: Note, Sample: Sample{At: p.now, Type: Detected, Decision: d,
				Kind: f.kind, Track: f.track, Rendition: f.rendition, Pipeline: p.pipelineOf(int(f.rendition)),
				Failure: failure, Reason: rung.Step}})
		}
		return true
	}
	return false
}

// take tries one step.
func (p *Player) take(f *flight, rung Rung, failure Failure, n int) (Decision, bool) {
	t := p.track(f.track)
	if p.ladder == nil && rung.Step != StepRetry && rung.Step != StepFatal {
		return NoDecision, false // there is nothing to choose from yet
	}
	switch rung.Step {
	case StepLevel:
		return Step, p.stepLevel(f, failure)
	case StepPathway:
		return Failover, p.stepPathway(f, failure)
	case StepLocation:
		return Failover, p.stepLocation(f, failure)
	case StepSpared:
		return Step, p.stepSpared(f, failure)
	case StepReselect:
		return Exclude, p.stepReselect(f, failure, p.until(p.cfg.Profile.Penalty.Level))
	case StepBan:
		return Exclude, p.stepReselect(f, failure, Never)
	case StepRetry:
		if n >= len(rung.Delays) {
			return NoDecision, false
		}
		p.again(f, time.Duration(rung.Delays[n]), 0)
		return NoDecision, true
	case StepSkip, StepDrop:
		if f.seg == nil || t.media == nil || len(t.media.Segments) == 0 || rung.Step == StepSkip &&
			f.seg.Sequence >= t.media.Segments[len(t.media.Segments)-1].Sequence {
			return NoDecision, false
		}
		p.skip(t, f.seg)
		t.tries[1] = 0
		return GapSkipped, true
	case StepUntilStarved:
		if p.state != playing && n >= p.cfg.Profile.Stall.Forgives {
			p.impatient(f, failure)
			return NoDecision, true
		}
		t.retryUntilDry = true
		p.again(f, time.Duration(rung.Delays[min(n, len(rung.Delays)-1)]), 0)
		return NoDecision, true
	case StepReload:
		if f.kind != m3u8.KindMedia || !f.update || f.rendition != t.rendition {
			return NoDecision, false
		}
		p.again(f, time.Duration(rung.Delays[min(n, len(rung.Delays)-1)]), 0)
		t.tries[0] = 0
		return NoDecision, true
	case StepRound:
		if !p.errs.broken {
			return NoDecision, false
		}
		d := time.Duration(rung.Delays[min(n, len(rung.Delays)-1)])
		t.delay(&delayed{at: p.now + d, of: *f, rule: &round, failure: failure})
		return NoDecision, true
	case StepIdle:
		if p.errs.idled || f.kind == m3u8.KindMultivariant {
			return NoDecision, false
		}
		p.errs.idled = true
		for i := range p.errs.renditions {
			p.errs.renditions[i].forgive()
		}
		for i := range p.tracks() {
			p.track(i).idle()
			p.dropSegment(i)
		}
		return NoDecision, true
	case StepWhileOthers:
		t.retryUntilDry, p.hole = true, span{}
		if p.forsaken() {
			p.finish(Fatal, f.kind.String()+": "+reasonOf(failure, int(f.status)))
			return GiveUp, true
		}
		// The others set the pace, however long an answer takes, and have their turn.
		d := time.Duration(rung.Delays[min(n, len(rung.Delays)-1)])
		if every := p.packets(f.track); n >= len(rung.Delays) && every > 0 {
			d = every
		}
		p.again(f, max(d-(p.now-f.sent), min(d, time.Millisecond)), 0)
		return NoDecision, true
	case StepDue:
		early := p.ahead(t)
		if f.kind != m3u8.KindSegment || early <= touching {
			return NoDecision, false
		}
		t.segAt = p.now + min(p.lasts(early), p.nextRead(f, n))
		return NoDecision, true
	case StepWait:
		t.tries[1] = 0
		if t.listAt == Never && p.flight(f.track, m3u8.KindMedia) == nil {
			return NoDecision, false
		}
		t.wait()
		return NoDecision, true
	case StepClear:
		return Exclude, p.stepClear(f, failure)
	case StepFatal:
		p.finish(Fatal, f.kind.String()+": "+reasonOf(failure, int(f.status)))
		return GiveUp, true
	}
	return NoDecision, false
}

// round is the rest of StepRound.
var round = ErrorRule{Then: []Rung{{Step: StepClear}}}

// nextRead is how long it takes until a player that reads piece by piece does
// so again; at the first piece it looks twice.
func (p *Player) nextRead(f *flight, n int) time.Duration {
	v := p.ladder.Renditions[f.rendition].Variant
	if p.cfg.Profile.Buffer.Chunk == 0 || v == nil || v.Bandwidth <= 0 {
		return Never
	}
	if n == 0 {
		return 0
	}
	return time.Duration(float64(p.cfg.Profile.Buffer.Chunk) * 8 / float64(v.Bandwidth) * float64(time.Second))
}

// packets is how long it takes, on average, until the tracks other than tr give
// another packet of pictures or sound; 0 = the profile does not say.
func (p *Player) packets(tr Track) time.Duration {
	b := &p.cfg.Profile.Buffer
	rate := 0.0
	for i := range p.tracks() {
		t := p.track(i)
		if i == tr || !t.active() {
			continue
		}
		if v := p.ladder.Renditions[t.rendition].Variant; v != nil && b.Picture > 0 {
			frames := 1 / seconds(b.Picture)
			if v.FrameRate >= 1 && v.FrameRate <= 1000 {
				frames = v.FrameRate
			}
			rate += frames
		}
		if b.Sound > 0 && !p.ladder.silent(int(t.rendition)) {
			rate += 1 / seconds(b.Sound)
		}
	}
	if rate == 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / rate)
}

// forsaken reports whether every track has failed too often.
func (p *Player) forsaken() bool {
	for i := range p.tracks() {
		if t := p.track(i); t.active() && int(max(t.tries[0], t.tries[1])) <= p.cfg.Profile.Stall.Forgives {
			return false
		}
	}
	return true
}

// stepLevel moves to the next lower level without an error, then from the top
// down (hls.js error-controller getLevelSwitchAction). For audio it must be a
// level with another audio rendition.
func (p *Player) stepLevel(f *flight, failure Failure) bool {
	n, cur := len(p.ladder.Levels), int(p.main.level)
	for i := n - 1; i > 0; i-- {
		c := (cur + i) % n
		r := p.renditionOf(c)
		if r < 0 || p.errs.loads(r) > 0 {
			continue
		}
		if f.track == AudioTrack && p.ladder.Levels[c].AudioByPathway[p.pathway] == f.rendition {
			continue
		}
		p.errs.lists = 0
		p.forced = int16(c)
		p.setLevel(c, false, failure.String())
		return true
	}
	return false
}

// stepSpared moves to the level that bandwidth would choose, if fewer ladders
// were climbed because of it (hls.js abr-controller nextAutoLevel).
func (p *Player) stepSpared(f *flight, failure Failure) bool {
	a := &p.cfg.Profile.ABR
	to := p.bestLevel(p.abr.estimate(), a.Down, a.Up, p.ahead(&p.main))
	if to < 0 || to == int(p.main.level) || p.errs.loads(p.renditionOf(to)) >= p.errs.loads(p.main.rendition) {
		return false
	}
	p.forced = int16(to)
	p.setLevel(to, false, failure.String())
	return true
}

// stepPathway penalises the current pathway and moves every level to another.
func (p *Player) stepPathway(f *flight, failure Failure) bool {
	if len(p.ladder.Pathways) < 2 {
		return false
	}
	if p.errs.pathways == nil {
		p.errs.pathways = make([]time.Duration, len(p.ladder.Pathways))
	}
	if p.errs.pathways[p.pathway] <= p.now {
		p.errs.pathways[p.pathway] = p.until(p.cfg.Profile.Penalty.Pathway)
	}
	to := p.freePathway(p.pathway)
	if to < 0 {
		return false
	}
	p.pathway = to
	level := int(p.main.level)
	if p.renditionOf(level) < 0 {
		if level = p.lowestLevel(); p.renditionOf(level) < 0 {
			return false
		}
	}
	p.forced = int16(level)
	p.setLevel(level, false, failure.String())
	return true
}

// stepLocation penalises the URL and uses another one of the same level.
func (p *Player) stepLocation(f *flight, failure Failure) bool {
	level := &p.ladder.Levels[p.main.level]
	copies := level.ByPathway
	if f.track == AudioTrack {
		copies = level.AudioByPathway
	}
	current := p.track(f.track).rendition
	twin := int16(-1)
	for _, r := range copies {
		if r >= 0 && r != current && !p.errs.penalised(r, p.now) {
			twin = r
			break
		}
	}
	if twin < 0 {
		return false
	}
	p.errs.of(current).remember().until = p.until(p.cfg.Profile.Penalty.Location)
	p.setRendition(f.track, twin, false, failure.String())
	return true
}

// stepReselect penalises the level for a time and lets bandwidth choose again.
func (p *Player) stepReselect(f *flight, failure Failure, until time.Duration) bool {
	rec := p.errs.of(p.failing(f))
	before := rec.was().until
	rec.remember().until = until
	if p.reselect(f, failure, false) {
		return true
	}
	p.errs.of(p.failing(f)).remember().until = before
	return false
}

// stepClear lifts all penalties but those for ever, penalises the level and
// lets bandwidth choose again.
func (p *Player) stepClear(f *flight, failure Failure) bool {
	for i := range p.errs.renditions {
		if r := &p.errs.renditions[i]; r.was().until != Never {
			r.forgive()
		}
	}
	clear(p.errs.pathways)
	rec := p.errs.of(p.failing(f))
	rec.remember().until = p.until(p.cfg.Profile.Penalty.Level)
	if p.reselect(f, failure, true) {
		return true
	}
	// It is the only one.
	p.errs.of(p.failing(f)).forgive()
	p.again(f, p.targetDuration(f.track)/2, 0)
	return true
}
