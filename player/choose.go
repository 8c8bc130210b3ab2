package player

import (
	"time"

	"hlsload/player/policy"
)

// Chooser is how levels are chosen by throughput.
type Chooser interface {
	// shares are the parts of the throughput that a level must fit in: one that
	// is not above the current one, and one that is.
	shares() (down, up float64)
	// needs is the throughput that a level needs.
	needs(p *Player, l *Level) float64
	// upward reports whether the buffer allows a higher level.
	upward(p *Player) bool
	// pick is the level to take of those that a throughput allows; -1 = the highest.
	pick(p *Player, allowed allowance) int
	// decides reports whether it is time to choose, after a segment was loaded.
	decides(p *Player) bool
	// stays reports whether the buffer is long enough to stay with the current
	// level instead of a lower one.
	stays(p *Player) bool
	// considers reports whether a segment calls for a choice; follows says that it
	// followed another one of its rendition.
	considers(follows bool) bool
}

var _ = policy.Register("choose", policy.Offers[Chooser]{
	"never":    new(chooseNever),
	"share":    new(chooseShare),
	"interval": new(chooseInterval),
	"buffered": new(chooseBuffered),
	"screen":   new(chooseScreen),
})

// choosing is a Chooser in its plainest form, but for the shares.
type choosing struct{}

func (choosing) needs(_ *Player, l *Level) float64 { return float64(l.Bandwidth) }
func (choosing) upward(*Player) bool               { return true }
func (choosing) pick(*Player, allowance) int       { return -1 }
func (choosing) decides(*Player) bool              { return true }
func (choosing) stays(*Player) bool                { return false }
func (choosing) considers(bool) bool               { return true }

// choosingWithin is one that takes levels which fit in a share of the estimate.
type choosingWithin struct {
	choosing `yaml:"-"`
	Share    float64 `yaml:"share"` // of the estimate
}

func (c *choosingWithin) Limits(l *policy.Limits)    { share(l, "share", &c.Share) }
func (c *choosingWithin) shares() (down, up float64) { return c.Share, c.Share }

// share states the range of a share of the throughput.
func share(l *policy.Limits, name string, v *float64) { policy.Within(l, name, v, 0.01, 10) }

func (p *Player) chooser() Chooser { return p.cfg.Profile.Choose.Is }

// chooseLevel is the level that the next segment should come from.
func (p *Player) chooseLevel() int {
	cur := int(p.main.level)
	if p.forced >= 0 {
		return int(p.forced)
	}
	if !p.undecided || p.lastLevel < 0 || len(p.ladder.Levels) == 1 {
		return cur
	}
	p.undecided = false
	if !p.estimate.Decides() || !p.chooser().decides(p) {
		return cur
	}
	best := p.bestLevel()
	if best < 0 || best < cur && p.chooser().stays(p) {
		return cur
	}
	return best
}

// bestLevel is the highest level that fits in its share of the throughput; the
// lowest one if none does, -1 if there is no usable level at all.
func (p *Player) bestLevel() int {
	down, up := p.chooser().shares()
	return p.bestWithin(p.estimate.Rate(), down, up)
}

// allowance is the throughput that levels must fit in, in bit/s.
type allowance struct {
	base     int     // a level
	down, up float64 // for levels up to that one, and for those above
}

// fits reports whether a level needs no more.
func (a allowance) fits(p *Player, level int) bool {
	need := p.chooser().needs(p, &p.ladder.Levels[level])
	if level > a.base {
		return a.up >= need
	}
	return a.down >= need
}

// usable reports whether bandwidth may choose a level.
func (p *Player) usable(level int) bool {
	return p.offered(level) && (level == int(p.lastLevel) || !p.errs.blamed(p, level))
}

// bestWithin is bestLevel for another throughput and other shares.
func (p *Player) bestWithin(rate, down, up float64) int {
	c := p.chooser()
	base := int(p.lastLevel)
	if base < 0 {
		base = p.ladder.FirstLevel
	}
	if !c.upward(p) {
		up = -1
	}
	allowed := allowance{base, down * rate, up * rate}
	if l := c.pick(p, allowed); l >= 0 {
		return l
	}
	lowest := -1
	for i := len(p.ladder.Levels) - 1; i >= 0; i-- {
		if !p.usable(i) {
			continue
		}
		lowest = i
		l := &p.ladder.Levels[i]
		if allowed.fits(p, i) {
			// Of equals, the first listed.
			for i > 0 && p.ladder.Levels[i-1].Bandwidth == l.Bandwidth && p.offered(i-1) && !p.errs.blamed(p, i-1) {
				i--
			}
			return i
		}
	}
	return lowest
}

// firstOf is the first listed of the levels with the bandwidth of a level,
// which comes last of them.
func (p *Player) firstOf(level int) int {
	l := p.ladder.Levels
	for i := level; i > 0 && l[i-1].Bandwidth == l[level].Bandwidth && l[i-1].Height == l[level].Height; i-- {
		if p.offered(i - 1) {
			level = i - 1
		}
	}
	return level
}

// lowestLevel is the lowest level that is offered here.
func (p *Player) lowestLevel() int {
	for i := range p.ladder.Levels {
		if p.offered(i) {
			return i
		}
	}
	return 0
}

func (p *Player) segmentDuration() time.Duration {
	if m := p.main.media; m != nil && len(m.Segments) > 0 {
		return lastDuration(m)
	}
	return 0
}
