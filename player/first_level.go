package player

import "hlsload/player/policy"

// FirstLevel is how the level to begin with is chosen.
type FirstLevel interface {
	choose(p *Player) int
}

var _ = policy.Register("startup.level", policy.Offers[FirstLevel]{
	"first_listed": new(firstListed),
	"lowest":       new(firstLowest),
	"highest":      new(firstHighest),
	"estimate":     new(firstByEstimate),
	"raised":       new(firstByRaised),
})

// firstLevel chooses the level to begin with.
func (p *Player) firstLevel() int { return p.cfg.Profile.Startup.Level.Is.choose(p) }

// highestWithin is the highest level whose BANDWIDTH is within a rate; -1 if none
// is.
func (p *Player) highestWithin(rate float64) int {
	for i := len(p.ladder.Levels) - 1; i >= 0; i-- {
		if float64(p.ladder.Levels[i].Bandwidth) <= rate && p.offered(i) {
			return i
		}
	}
	return -1
}
