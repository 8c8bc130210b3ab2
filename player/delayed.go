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
