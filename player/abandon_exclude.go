package player

import (
	"math"
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// abandonExclude drops a segment that will not arrive in time, penalises its level
// and lets bandwidth choose again, if another level would save the viewer some
// standing still (video.js segment-loader earlyAbortWhenNeeded_).
type abandonExclude struct {
	Every  units.Duration `yaml:"every"`  // between looks, when bytes have arrived
	For    units.Duration `yaml:"for"`    // how long the level is penalised
	Settle units.Duration `yaml:"settle"` // from the first byte to the first look
	Margin units.Duration `yaml:"margin"` // of the buffer that is kept back
	Saves  units.Duration `yaml:"saves"`  // of standing still, at least; twice that when the buffer is used up
}

func (a *abandonExclude) Limits(l *policy.Limits) {
	l.Duration("every", &a.Every, time.Millisecond, time.Minute)
	l.Duration("for", &a.For, time.Millisecond, Never)
	l.Duration("settle", &a.Settle, 0, time.Minute)
	l.Duration("margin", &a.Margin, 0, time.Minute)
	l.Duration("saves", &a.Saves, 0, time.Minute)
}

func (*abandonExclude) starting() bool { return false }

func (a *abandonExclude) first(time.Duration) time.Duration { return time.Duration(a.Settle) }

func (a *abandonExclude) look(p *Player, f *flight) time.Duration {
	every := time.Duration(a.Every)
	if f.firstByte == 0 || p.now-f.firstByte < time.Duration(a.Settle) || p.cfg.Progress == nil {
		return every
	}
	own := float64(p.ladder.Levels[f.level].Bandwidth)
	if own <= float64(p.ladder.Levels[p.lowestLevel()].Bandwidth) {
		return every
	}
	bytes := p.cfg.Progress(f.id)
	if bytes <= f.bytes {
		return every
	}
	f.bytes, f.moved = bytes, p.now
	dur, got := f.seg.Duration.Seconds(), float64(bytes)*8
	rate := got / (p.now - f.sent).Seconds()
	left := (p.ahead(&p.main) - time.Duration(a.Margin)).Seconds()
	need := (dur*own-got)/rate - left
	if need <= 0 {
		return every
	}
	to, least := p.leastStall(dur, rate, left)
	saves := time.Duration(a.Saves).Seconds()
	if left <= 1.0/30 {
		saves *= 2
	}
	if to < 0 || to == int(f.level) || need-least < saves {
		return every
	}
	_, up := p.chooser().shares()
	p.estimate.Restart(float64(p.ladder.Levels[to].Bandwidth)/up + 1)
	dropped := *f
	p.tooSlow(f)
	p.errs.remember(p.main.rendition).until = p.until(a.For)
	p.reselect(&dropped, NoFailure, false)
	return Never
}

// leastStall is the level whose segment of a duration would have playback stand for
// the least time at a throughput, with so much left in the buffer; the highest of
// those that would not at all.
func (p *Player) leastStall(segment, rate, left float64) (level int, least float64) {
	level, least = -1, math.Inf(1)
	for i := range p.ladder.Levels {
		rendition := p.renditionOf(i)
		if rendition < 0 {
			continue
		}
		n := 2.0 // requests: a playlist that was never there must be loaded first
		if rendition == p.main.rendition || rendition < 64 && p.visited&(1<<rendition) != 0 {
			n = 1
		}
		impact := n*segment*float64(p.ladder.Levels[i].Bandwidth)/rate - left
		better := impact < least
		if impact <= 0 {
			better = least > 0 || p.ladder.Levels[i].Bandwidth > p.ladder.Levels[level].Bandwidth
		}
		if better {
			level, least = i, impact
		}
	}
	return level, least
}
