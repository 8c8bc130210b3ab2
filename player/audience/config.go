package audience

import (
	"errors"
	"fmt"
	"math"
	"time"

	"hlsload/player/link"
)

// Never is the instant of what will not happen by itself.
const Never = time.Duration(math.MaxInt64)

// MaxPlayers bounds the viewers of a run.
const MaxPlayers = 10_000_000

// Config is the audience of a run.
type Config struct {
	Players int // who arrive; not used with Arrive.Stages
	Arrive  Arrive
	Session Session
	Cohorts []Cohort // shares add up to 1
	// Entry shares the viewers out to the multivariant playlists that may be
	// opened, by index; they add up to 1. Nil = all open the first.
	Entry []float64
	// Earlier is how many machines the run was lost with: numbers of viewers of before are not used again.
	Earlier int
	// Regions share the viewers out by where they watch; the shares add up to 1. nil =
	// all watch in one.
	Regions []Region
}

// Shape is how arrivals spread over their time.
type Shape string

// The shapes.
const (
	Linear  Shape = "linear"  // one after the other at equal distances
	Burst   Shape = "burst"   // a flash crowd: the rate falls exponentially, half come in the first seventh
	Poisson Shape = "poisson" // independently, uniformly over the time
)

// Arrive is when viewers arrive.
type Arrive struct {
	Over  time.Duration // all arrive in this time; 0 = at once
	Shape Shape         // "" = Linear
	// Stages, when there are any, replace Players, Over and Shape.
	Stages []Stage
}

// Stage changes the number of viewers evenly to To within Over. When it falls,
// those leave first that came first.
type Stage struct {
	To   int
	Over time.Duration
}

// Session is how long viewers stay.
type Session struct {
	// Mean of an exponential length, after which another viewer takes the
	// place; 0 = they stay.
	Mean time.Duration
	// Rejoin: a viewer whose player gave up comes back, after
	// RejoinAfter.
	Rejoin      bool
	RejoinAfter time.Duration
}

// Cohort is a part of the audience.
type Cohort struct {
	Name    string
	Share   float64
	Profile string // name of the player profile
	Network link.Config
	// FaultsNone: no fault affects the cohort.
	FaultsNone bool
}

// Peak is the largest number of viewers at a time, without surges.
func (c *Config) Peak() int {
	if len(c.Arrive.Stages) == 0 {
		return c.Players
	}
	peak := 0
	for _, s := range c.Arrive.Stages {
		peak = max(peak, s.To)
	}
	return peak
}

// Arrivals is how many viewers arrive, without churn and surges.
func (c *Config) Arrivals() int {
	n := 0
	for _, s := range c.ramps() {
		n += max(0, s.to-s.from)
	}
	return n
}

// ArrivalsEnd is the instant from which on the audience is complete: the end
// of the arrivals, or of the last stage that grows.
func (c *Config) ArrivalsEnd() time.Duration {
	var end time.Duration
	for _, s := range c.ramps() {
		if s.to > s.from {
			end = s.at + s.over
		}
	}
	return end
}

// ramp is a stage with its start.
type ramp struct {
	at, over time.Duration
	from, to int
}

func (c *Config) ramps() []ramp {
	if len(c.Arrive.Stages) == 0 {
		return []ramp{{over: c.Arrive.Over, to: c.Players}}
	}
	var ramps []ramp
	var at time.Duration
	from := 0
	for _, s := range c.Arrive.Stages {
		ramps = append(ramps, ramp{at: at, over: s.Over, from: from, to: s.To})
		at += s.Over
		from = s.To
	}
	return ramps
}

// Validate reports everything that is wrong with c, joined.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	players := func(what string, n, least int) {
		if n < least || n > MaxPlayers {
			bad("%s: out of range (got %d; want %d to %d)", what, n, least, MaxPlayers)
		}
	}
	notNegative := func(what string, d time.Duration) {
		if d < 0 {
			bad("%s: negative (got %v; want 0s or more)", what, d)
		}
	}
	if len(c.Arrive.Stages) == 0 {
		players("players", c.Players, 1)
		notNegative("arrive.over", c.Arrive.Over)
		switch c.Arrive.Shape {
		case "", Linear, Burst, Poisson:
		default:
			bad("arrive.shape: unknown (got %q; want linear, burst or poisson)", c.Arrive.Shape)
		}
	} else {
		for i, s := range c.Arrive.Stages {
			players(fmt.Sprintf("arrive.stages[%d].to", i), s.To, 0)
			notNegative(fmt.Sprintf("arrive.stages[%d].over", i), s.Over)
		}
		if n := c.Arrivals(); n < 1 || n > MaxPlayers {
			bad("arrive.stages: viewers arriving out of range (got %d; want 1 to %d)", n, MaxPlayers)
		}
	}
	notNegative("session.mean", c.Session.Mean)
	notNegative("session.after_fatal.rejoin", c.Session.RejoinAfter)
	shares := make([]float64, 0, len(c.Cohorts))
	for i := range c.Cohorts {
		h := &c.Cohorts[i]
		shares = append(shares, h.Share)
		if err := h.Network.Validate(); err != nil {
			bad("cohort %q: network: %w", h.Name, err)
		}
	}
	if len(shares) == 0 {
		bad("cohorts: none (want at least one)")
	} else if len(shares) > maxParts {
		bad("cohorts: too many (got %d; want at most %d)", len(shares), maxParts)
	} else if err := checkShares(shares); err != nil {
		bad("cohorts: %w", err)
	}
	if len(c.Entry) > maxParts {
		bad("entry: too many (got %d; want at most %d)", len(c.Entry), maxParts)
	} else if c.Entry != nil {
		if err := checkShares(c.Entry); err != nil {
			bad("entry: %w", err)
		}
	}
	if err := c.checkRegions(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// maxParts is how many cohorts and entries there may be: what [Arrival] holds.
const maxParts = math.MaxInt16

func checkShares(shares []float64) error {
	sum := 0.0
	for _, s := range shares {
		if !(s >= 0 && s <= 1) {
			return fmt.Errorf("share out of range (got %g%%; want 0%% to 100%%)", 100*s)
		}
		sum += s
	}
	if math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("shares do not add up (got %g%%; want 100%%)", 100*sum)
	}
	return nil
}
