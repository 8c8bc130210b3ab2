package player

import (
	"time"

	"hlsload/player/m3u8"
)

// touching is how far apart two segments may be without leaving a hole: the
// tolerance of browsers at segment joints (hls.js maxBufferHole).
const touching = 100 * time.Millisecond

// position is the media time shown at now.
func (p *Player) position(now time.Duration) time.Duration {
	if p.state == playing {
		return p.anchor + p.played(now-p.anchorAt)
	}
	return p.anchor
}

// played is how much media is shown in a stretch of time, lasts its inverse.
func (p *Player) played(d time.Duration) time.Duration {
	if p.rate == 0 {
		return d
	}
	return d + time.Duration(float64(p.rate)*float64(d))
}

func (p *Player) lasts(media time.Duration) time.Duration {
	if p.rate == 0 {
		return media
	}
	return time.Duration(float64(media) / (1 + float64(p.rate)))
}

// catchUp sets the playback rate by the distance to the target latency (media3
// DefaultLivePlaybackSpeedControl).
func (p *Player) catchUp() {
	c := &p.cfg.Profile.Live.CatchUp
	if c.Slope == 0 || p.state != playing || p.pdt == noPDT {
		return
	}
	m := p.main.media
	if m == nil || m.ServerControl == nil || m.ServerControl.HoldBack == 0 || m.EndList {
		return
	}
	latency := p.now - time.Duration(p.pdt+int64(p.position(p.now))-p.cfg.Epoch)
	rate := 0.0
	if behind := latency - p.holdBack(&p.main); behind.Abs() > time.Duration(c.DeadZone) {
		rate = min(max(c.Slope*behind.Seconds(), c.Min-1), c.Max-1)
	}
	if r := float32(rate); r != p.rate {
		p.anchor, p.anchorAt = p.position(p.now), p.now
		p.rate = r
	}
}

// bufferedEnd is how far every active track is buffered, but for those that
// playback does without; Never before any is.
func (p *Player) bufferedEnd() time.Duration {
	end := Never
	for i := range p.tracks() {
		if t := p.track(i); t.active() && !p.without(t) {
			end = min(end, t.end)
		}
	}
	return end
}

// without reports whether playback goes on without a track (StepWhileOthers).
func (p *Player) without(t *track) bool { return t.retryUntilDry > 0 && p.inTurn() }

// limit is the media time at which playback must stand: the next hole or the
// end of the buffer.
func (p *Player) limit() time.Duration {
	end := p.bufferedEnd()
	if p.hole.to > p.hole.from {
		end = min(end, p.hole.from)
	}
	if b := p.loader().patience(); b != Never {
		for i := range p.flights {
			if f := &p.flights[i]; f.id != 0 && f.firstByte == 0 && !f.waits {
				pos := p.position(p.now)
				end = min(end, max(pos, pos+f.sent+b-p.now))
			}
		}
	}
	return end
}

// ahead is how much media of a track can be played from here.
func (p *Player) ahead(t *track) time.Duration {
	a := t.end - p.position(p.now)
	if h := p.hole; h.to > h.from && h.from >= p.position(p.now) && h.to <= t.end {
		a -= h.to - h.from
	}
	return max(a, 0)
}

// buffered reports whether every active track has media at the position.
func (p *Player) buffered() bool {
	any := false
	for i := range p.tracks() {
		t := p.track(i)
		if t.active() && !t.filled {
			return false
		}
		any = any || t.active()
	}
	return any
}

// play brings playback up to now.
func (p *Player) play(now time.Duration) {
	if p.state != playing {
		return
	}
	limit := p.limit()
	if limit == Never {
		return
	}
	dry := max(p.anchorAt+p.lasts(limit-p.anchor), p.now) // what came to an end at p.now did not before
	if now < dry {
		return
	}
	p.anchor, p.anchorAt = p.limit(), dry
	p.now = max(p.now, dry)
	if p.finished() {
		p.finish(Ended, "")
		return
	}
	p.stall(dry)
}

// finished reports whether the position is the end of a finished presentation.
func (p *Player) finished() bool {
	for i := range p.tracks() {
		t := p.track(i)
		if t.active() && (t.media == nil || !t.media.EndList || t.end < t.base+t.media.Duration-touching) {
			return false
		}
	}
	return p.bufferedEnd() <= p.anchor+touching
}

// tryPlay starts or resumes playback if enough is buffered.
func (p *Player) tryPlay() {
	if p.state != loading && p.state != stalled || !p.buffered() || p.survey != nil && p.survey.probes == nil {
		return
	}
	if p.state == stalled && p.offClock() {
		return
	}
	s := &p.cfg.Profile.Startup
	span := s.Buffer
	if p.state == stalled {
		span = s.Resume
	}
	var need time.Duration
	if !span.Zero() {
		need = span.Of(p.targetDuration(MainTrack), p.segmentDuration())
		if s.Cap > 0 && p.main.media != nil && p.main.live() {
			need = min(need, time.Duration(s.Cap*float64(p.holdBack(&p.main))))
		}
	}
	if p.hole.to > p.hole.from && p.anchor >= p.hole.from {
		return // waits for the jump
	}
	ahead := p.limit() - p.anchor
	if ahead <= 0 || ahead < need && !p.lastAppended() {
		return
	}
	if p.state == stalled {
		p.resume()
		return
	}
	if p.start == 0 {
		p.start = p.now + time.Duration(s.Prepare)
	}
	if p.now >= p.start {
		p.begin()
	}
}

// offClock runs through what a player that goes by a clock has missed, and reports
// whether there is more of that, or what there is has yet to fall due.
func (p *Player) offClock() bool {
	if !p.cfg.Profile.Live.RealTime {
		return false
	}
	if d := min(p.limit()-p.anchor, p.now-p.anchorAt); d > 0 {
		p.anchor, p.anchorAt = p.anchor+d, p.anchorAt+d
	}
	return p.anchorAt != p.now
}

// jump moves the position of a player that stands. Its clock is that of the
// media, so what is left out is not missed.
func (p *Player) jump(to time.Duration) {
	p.anchorAt += to - p.anchor
	p.anchor = to
}

// lastAppended reports whether nothing more will come, so that a short end is played.
func (p *Player) lastAppended() bool {
	t := &p.main
	return t.media != nil && t.media.EndList && t.end >= t.base+t.media.Duration-touching
}

// playWake is when playback wants attention: it runs dry, a hole is to be
// jumped, or the viewer has stood still for too long.
func (p *Player) playWake() time.Duration {
	switch p.state {
	case loading:
		if p.ladder != nil && p.start > 0 {
			return max(p.start, p.now)
		}
	case playing:
		if l := p.limit(); l != Never {
			return p.anchorAt + p.lasts(l-p.anchor)
		}
	case stalled:
		at := Never
		if p.atHole() {
			at = p.since + time.Duration(p.cfg.Profile.Stall.JumpAfter)
		}
		if p.cfg.Profile.Live.RealTime && p.anchorAt > p.now && p.limit() > p.anchor {
			at = min(at, p.anchorAt)
		}
		if f := p.cfg.Profile.Stall.FatalAfter; f > 0 && time.Duration(f) != Never {
			at = min(at, p.since+time.Duration(f))
		}
		return max(at, p.now)
	}
	return Never
}

// standing deals with a stall that has lasted: jumps a hole, or gives up.
func (p *Player) standing() {
	if p.state == loading && p.ladder != nil && p.start > 0 && p.now >= p.start {
		if p.tryPlay(); p.state == loading {
			p.start = 0 // what was there has gone
		}
	}
	if p.state != stalled {
		return
	}
	s := &p.cfg.Profile.Stall
	if s.FatalAfter > 0 && time.Duration(s.FatalAfter) != Never && p.now-p.since >= time.Duration(s.FatalAfter) {
		p.finish(Fatal, "stalled for "+time.Duration(s.FatalAfter).String())
		return
	}
	if p.atHole() && p.now-p.since >= time.Duration(s.JumpAfter) {
		p.jump(p.hole.to)
		p.hole = span{}
		if p.finished() {
			p.finish(Ended, "") // nothing follows
			return
		}
		p.tryPlay()
	} else if p.inTurn() {
		p.tryPlay() // whose answer may just have begun
	}
}

// atHole reports whether playback stands before a hole to be jumped. A player
// that reads everything itself sees holes only once there is more behind them.
func (p *Player) atHole() bool {
	h := p.hole
	return h.to > h.from && p.anchor >= h.from && (!p.inTurn() || p.bufferedEnd() > h.to)
}

// addHole records that media between from and to is missing. One hole is kept;
// a second one before the first was reached extends it.
func (p *Player) addHole(from, to time.Duration) {
	if from = max(from, p.position(p.now)); from >= to {
		return
	}
	if p.hole.to > p.hole.from {
		p.hole = span{min(p.hole.from, from), max(p.hole.to, to)}
		return
	}
	p.hole = span{from, to}
}

// seek moves the position; everything buffered is dropped.
func (p *Player) seek(to time.Duration) {
	p.jump(to)
	if p.hole = (span{}); p.state == playing {
		p.anchorAt = p.now
	}
	for i := range p.tracks() {
		t := p.track(i)
		t.end, t.filled = to, false
		p.dropSegment(i)
		if p.errs.idled && t.active() && !t.listed() && t.listAt == Never && p.flight(i, m3u8.KindMedia) == nil {
			t.reloadAt(p.now)
		}
	}
	if p.state == playing {
		p.stall(p.now)
	}
}
