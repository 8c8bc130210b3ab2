package player

import (
	"math"
	"time"

	"hlsload/player/estimate"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// abandonLower drops a segment that will not arrive before the buffer runs dry
// if one of a lower level would (hls.js abr-controller _abandonRulesCheck).
type abandonLower struct {
	Every units.Duration `yaml:"every"` // between looks
	After float64        `yaml:"after"` // first look, as a share of the segment's duration
	// Lowest goes to the lowest level, and reckons with no more than its rate,
	// instead of to the highest one that arrives in time.
	Lowest bool `yaml:"lowest"`
	// Starting looks before playback begins as well, whenever a playlist has arrived.
	Starting bool `yaml:"starting"`
}

func (a *abandonLower) Limits(l *policy.Limits) {
	l.Duration("every", &a.Every, time.Millisecond, time.Minute)
	policy.Within(l, "after", &a.After, 0, 10)
}

func (a *abandonLower) starting() bool { return a.Starting }

func (a *abandonLower) first(segment time.Duration) time.Duration {
	return time.Duration(a.After * float64(segment))
}

func (a *abandonLower) look(p *Player, f *flight) time.Duration {
	lowest := p.lowestLevel()
	if int(f.level) <= lowest {
		return Never
	}
	every := time.Duration(a.Every)
	waited := p.now - f.sent
	ttfb := p.estimate.Latency()
	dur := f.seg.Duration.Seconds()
	if waited.Seconds() <= max(ttfb, dur*a.After) {
		return every
	}
	buffer := p.ahead(&p.main).Seconds()
	var bytes int64
	if p.cfg.Progress != nil && f.firstByte > 0 {
		bytes = p.cfg.Progress(f.id)
	}
	expected := max(float64(bytes), dur*float64(p.ladder.Levels[f.level].Average)/8)
	if f.size > 0 {
		expected = float64(f.size)
	}
	rate, need := 0.0, expected*8/p.estimate.Rate()+ttfb
	if bytes > 0 {
		rate = float64(bytes) / max((p.now-f.firstByte).Seconds(), 1e-3)
		need = (expected - float64(bytes)) / rate
	}
	if need <= buffer {
		return every
	}
	throughput := p.estimate.Rate()
	if rate > 0 {
		throughput = 8 * rate
	}
	// The largest lower level that arrives in time; the lowest is taken
	// without being timed itself.
	to, alternative := int(f.level)-1, math.Inf(1)
	for ; to > lowest; to-- {
		// A new level costs its playlist first.
		alternative = 2*ttfb + p.main.loadTook.Seconds() + dur*float64(p.ladder.Levels[to].Bandwidth)/throughput
		if alternative < min(buffer, dur+ttfb) {
			break
		}
	}
	if alternative >= need || alternative > 10*dur {
		return every
	}
	p.estimate.Add(estimate.Transfer{Took: waited, FirstByte: f.firstByte - f.sent, Bytes: bytes, Partial: true})
	a.fall(p, f, to, lowest)
	return Never
}

// fall drops the segment and goes to a lower level.
func (a *abandonLower) fall(p *Player, f *flight, to, lowest int) {
	target := float64(p.ladder.Levels[to].Bandwidth)
	if _, up := p.chooser().shares(); p.estimate.Rate()*up > target {
		p.estimate.Restart(target)
	}
	if a.Lowest {
		to = lowest
		p.estimate.Restart(float64(p.ladder.Levels[to].Bandwidth))
	} else if best := p.bestWithin(target, 1, 1); best >= 0 && best <= to {
		to = best
	}
	p.tooSlow(f)
	p.forced = int16(to)
	p.setLevel(to, true, "segment abandoned")
}
