package player

import (
	"time"

	"hlsload/player/estimate"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
)

// pass gives up the segment of a failed fetch.
func (p *Player) pass(f *flight) {
	t := p.track(f.track)
	p.skip(t, f.seg)
	t.tries[1] = 0
}

// skip goes on after a segment that will not be had.
func (p *Player) skip(t *track, s *m3u8.Segment) {
	t.joint = noJoint
	to := t.base + s.Start + s.Duration
	if to <= t.end {
		return
	}
	if p.state == loading && (!t.filled || p.anchor >= t.end) {
		p.anchor = max(p.anchor, to) // the join position itself is missing; what leads in does not help
	} else {
		p.addHole(t, to)
	}
	t.end = to
}

// appendSegment is the transition after a segment arrived: it is buffered.
func (p *Player) appendSegment(f *flight, bytes int64, stamp mediatime.Stamp) {
	t := p.track(f.track)
	p.sampleTransfer(f, bytes)
	seen := p.locate(t, f, stamp)
	if seen.elsewhere {
		t.tries[1], t.joint = 0, noJoint
		p.errs.appended(f.rendition)
		return
	}
	s := Sample{Type: Appended, Fetch: f.id, Kind: m3u8.KindSegment, Track: f.track, Rendition: f.rendition,
		Pipeline: p.pipelineOf(int(f.rendition)), Bytes: bytes, MediaStart: f.start, MediaDuration: f.seg.Duration,
		Sequence: f.seg.Sequence, Latency: -1}
	missing := time.Duration(0)
	if f.start > t.end+touching {
		missing = f.start - t.end
		if t.filled || p.state != loading {
			p.lost(t, f.start)
		} else {
			p.anchor = f.start // the join position itself has gone
		}
	}
	s.Skipped, s.Repeated = seen.lost(missing, t.media)
	if t.joint == choiceJoint && f.track == MainTrack && p.began < t.base {
		p.began = p.livePosition(t)
	}
	t.repeated = t.filled && f.start < t.end-touching
	end := f.start + f.seg.Duration
	if t.filled || p.loader().leadIn() == 0 {
		end = max(end, t.end)
	}
	t.end, t.joint = end, noJoint
	if p.cfg.Profile.HTTP.KeyPerSegment && t.using != nil {
		t.using.key = ""
	}
	follows := t.filled && t.shown == f.rendition
	t.filled, t.shown, t.tries[1] = true, f.rendition, 0
	if !p.without(t) || t.end > p.position(p.now) {
		t.retryUntilDry = 0
	}
	p.errs.appended(f.rendition)
	if f.track == MainTrack {
		p.lastLevel, p.undecided = f.level, p.chooser().considers(follows)
		if p.forced == f.level {
			p.forced = -1
		}
		if p.ladder.Renditions[f.rendition].Variant != nil {
			s.Bitrate = p.ladder.Levels[f.level].Bandwidth
		}
		p.dateTime(f, &s, seen)
	}
	p.note(&s)
	p.tryPlay()
}

// lost notes that media between the buffered end and from cannot be had.
func (p *Player) lost(t *track, from time.Duration) {
	if p.state == loading && p.anchor >= t.end && p.hole().empty() {
		p.anchor = from // only what leads in is buffered: playback begins behind the gap
		return
	}
	if p.state == stalled && p.anchor >= t.end-p.early() && p.hole().empty() && !p.goesOn(t) {
		// Nothing is buffered before the gap: the element seeks to what comes.
		if p.cfg.Profile.Stall.JumpAfter <= 0 || p.now-p.since >= time.Duration(p.cfg.Profile.Stall.JumpAfter) {
			p.jump(from)
			return
		}
	}
	p.addHole(t, from)
}

// dateTime fills in what follows from the segment's date-time.
func (p *Player) dateTime(f *flight, s *Sample, seen sight) {
	if f.seg.ProgramDateTime.IsZero() {
		return
	}
	offset := f.seg.ProgramDateTime.UnixNano() - int64(f.start)
	d := time.Duration(0)
	if p.pdt != noPDT {
		if d = time.Duration(offset - p.pdt); d.Abs() <= f.seg.Duration/2 {
			d = 0 // as far as encoders' clocks differ
		}
	}
	switch {
	case d != 0 && seen.known && seen.off == 0:
		offset = p.pdt // timestamps go on, so it is another clock: the first one counts
	case seen.known:
	case d > 0: // the timeline was aligned without date-times, and they disagree
		s.Skipped += d
	default:
		s.Repeated -= d
	}
	p.pdt = offset
	if p.state != loading && p.track(f.track).live() { // what has ended is behind nothing
		s.Latency = p.now - time.Duration(offset+int64(p.position(p.now))-p.cfg.Epoch)
	}
}

// sampleTransfer feeds the estimate.
func (p *Player) sampleTransfer(f *flight, bytes int64) {
	if f.track != MainTrack {
		return
	}
	arrived := p.now
	if f.held {
		arrived = f.moved
	}
	p.estimate.Add(estimate.Transfer{Took: arrived - f.sent, FirstByte: f.firstByte - f.sent, Bytes: bytes})
}
