package player

import (
	"time"

	"hlsload/player/m3u8"
)

// delayed is a recovery that begins after a pause.
type delayed struct {
	at      time.Duration
	of      flight
	then    Recovery
	failure Failure
	n       int
	// follows has it meet what the track plays when it begins: a change of rendition does
	// not end it (Shaka streaming_engine handleStreamingError_).
	follows bool
}

// holds reports whether the track asks for nothing before the recovery begins.
func (d *delayed) holds() bool { return d != nil && !d.of.left }

// leave is the transition of the recovery to another rendition; nil = it is no more.
func (d *delayed) leave(to int16) *delayed {
	if d == nil || !d.follows {
		return nil
	}
	d.of.rendition, d.of.left = to, true
	return d
}

// delays reports whether any recovery is delayed.
func (p *Player) delays() bool {
	return p.main.delayed != nil || p.audio != nil && p.audio.delayed != nil
}

// recoverDelayed begins the recoveries whose pause has ended.
func (p *Player) recoverDelayed() {
	for i := Track(0); i < p.tracks() && p.state != over; i++ {
		t := p.track(i)
		if v := t.delayed; v != nil && v.at <= p.now {
			t.delayed = nil
			p.judge(&v.of, v.then, v.failure, v.n)
		}
	}
}

// delayedWake is when the first of them begins.
func (p *Player) delayedWake() time.Duration {
	at := Never
	for i := range p.tracks() {
		if v := p.track(i).delayed; v != nil {
			at = min(at, max(v.at, p.now))
		}
	}
	return at
}

// starved ends the session when playback has just run dry and a fetch has
// failed more often than a dry player forgives, its playlist has been stuck for
// too long, or its numbers went back.
func (p *Player) starved() {
	for i := range p.tracks() {
		t := p.track(i)
		if !t.active() {
			continue
		}
		f := flight{kind: m3u8.KindMedia, track: i, rendition: t.rendition, level: p.main.level}
		if t.retryUntilDry > 0 && !p.without(t) && max(t.tries[0], t.tries[1]) >= t.retryUntilDry {
			p.impatient(&f, NoFailure)
			return
		}
		if t.numbersLower {
			p.finish(Fatal, wentBack)
			return
		}
		if t.stalePending {
			p.recover(&f, p.cfg.Profile.Stale.Is.then(), Stale, 0)
			return
		}
	}
}

// impatient ends the session because of failures that playback outlived so far.
func (p *Player) impatient(f *flight, failure Failure) {
	p.note(&Sample{Type: Detected, Decision: GiveUp, Kind: f.kind, Track: f.track, Rendition: f.rendition,
		Pipeline: p.pipelineOf(int(f.rendition)), Failure: failure, Reason: "until_starved"})
	p.finish(Fatal, "buffer empty after failures")
}
