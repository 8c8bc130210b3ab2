package audience

import (
	"math"
	"time"

	"hlsload/player/draw"
)

var (
	ruleArrival   = draw.NewRule("audience.arrival")
	ruleSession   = draw.NewRule("audience.session")
	rulePop       = draw.NewRule("audience.pop")
	ruleReconnect = draw.NewRule("audience.reconnect")
)

// Generation is the distance between the numbers of viewers that follow one
// another in the same place under churn: player 17's successor is
// 1,000,000,017, whose successor is 2,000,000,017. So a number does not depend
// on which other viewers left before.
const Generation = 1_000_000_000

// generations is by how many generations the numbers differ before and after a machine was
// lost: more than there are sessions in one place.
const generations = 100_000

// Arrival is one session about to begin.
type Arrival struct {
	At      time.Duration
	Player  uint64 // number of the viewer; see [Generation]
	Session int32  // of this viewer: 1, and one more after each rejoin
	Cohort  int16  // index in [Config.Cohorts]
	Entry   int16  // index in [Config.Entry]
	Failed  bool   // the viewer's session before ended by an error
	Region  uint8  // index in [Config.Regions]
	site           // of the region
	Pop     float64
	// Leave is when the viewer goes away; [Never] = stays.
	Leave time.Duration
	Seed  draw.Seed // of this session

	until time.Duration // the place is given up for good
}

// PopOf is the point of presence that serves the viewer, of n: one of its region's, where
// regions have points of presence of their own.
func (a *Arrival) PopOf(n int) int {
	first, of := 0, n
	if a.pops > 0 {
		first, of = int(a.first), int(a.pops)
	}
	return min(n-1, first+min(of-1, int(a.Pop*float64(of))))
}

// Why says how a session ended.
type Why uint8

// The ways.
const (
	Left     Why = iota // the viewer went away, at Arrival.Leave or when told to
	Fatal               // the player gave up
	Finished            // the presentation ended
)

// Audience makes the arrivals of a run. It belongs to one caller at a time,
// except for [Audience.Ended] and [Audience.Reconnect], which change nothing.
type Audience struct {
	cfg    *Config
	seed   draw.Seed
	ramps  []ramp
	shares []float64
	sites  []site // by region

	groups []group // the base audience, then surges that have not all arrived; next is in slots
	places int     // numbers given out, or reserved by groups
	slots  *Slots  // nil = all
}

// group is viewers that arrive by one plan.
type group struct {
	seats
	first   int // number of its first viewer
	n, next int
	at      time.Duration // of the viewer next
	drawn   float64       // poisson: share of the time gone by at that viewer
	surge   bool
	start   time.Duration // surge
	over    time.Duration
}

// New returns the audience of a run. cfg must be valid; it is not copied.
func New(cfg *Config, seed draw.Seed) *Audience {
	a := &Audience{cfg: cfg, seed: seed, ramps: cfg.ramps(), sites: cfg.sites()}
	for i := range cfg.Cohorts {
		a.shares = append(a.shares, cfg.Cohorts[i].Share)
	}
	a.add(group{n: cfg.Arrivals()})
	return a
}

func (a *Audience) add(g group) {
	g.first = a.places
	a.places += g.n
	share := atLeastOne
	if g.surge {
		share = counts // a surge may be smaller than the number of cohorts
	}
	g.seats = newSeats(share(g.n, a.shares), a.cfg.Entry, a.cfg.regionShares())
	g.at = a.when(&g)
	if g.n > 0 && a.seek(&g) {
		a.groups = append(a.groups, g)
	}
}

// Keep leaves only the viewers of some slots. What each of them does stays as it is,
// because the others are passed over, not taken out. Surges must be made on every machine
// of a run in the same order. It must be called before anything else.
func (a *Audience) Keep(s Slots) {
	a.slots = &s
	left := a.groups[:0]
	for _, g := range a.groups {
		if a.seek(&g) {
			left = append(left, g)
		}
	}
	a.groups = left
}

// seek passes over viewers of other slots; false when none is left.
func (a *Audience) seek(g *group) bool {
	for a.slots != nil && !a.slots.Has(SlotOf(uint64(g.first+g.next))) {
		g.seats.next()
		if !a.pass(g) {
			return false
		}
	}
	return true
}

// pass goes on to the group's next viewer; false when there is none.
func (a *Audience) pass(g *group) bool {
	g.next++
	if g.next == g.n {
		return false
	}
	g.at = a.when(g)
	return true
}

// when is the arrival of viewer g.next of the group.
func (a *Audience) when(g *group) time.Duration {
	if g.surge {
		return g.start + portion(g.over, g.next, g.n)
	}
	if len(a.cfg.Arrive.Stages) > 0 {
		k := g.next
		for _, r := range a.ramps {
			if rise := r.to - r.from; rise > 0 {
				if k < rise {
					return r.at + portion(r.over, k, rise)
				}
				k -= rise
			}
		}
		return Never
	}
	over, n := a.cfg.Arrive.Over, g.n
	switch a.cfg.Arrive.Shape {
	case Burst:
		const e = 5 // time constants in the whole time
		x := float64(g.next) / float64(n)
		return time.Duration(float64(over) * -math.Log(1-x*(1-math.Exp(-e))) / e)
	case Poisson:
		// The least of the numbers still to come, each uniform in what is
		// left of the time.
		u := a.seed.Uniform(ruleArrival, uint64(g.next))
		g.drawn += (1 - g.drawn) * (1 - math.Pow(1-u, 1/float64(n-g.next)))
		return time.Duration(float64(over) * g.drawn)
	}
	return portion(over, g.next, n)
}

// portion is k/n of d.
func portion(d time.Duration, k, n int) time.Duration {
	return time.Duration(float64(d) * (float64(k) / float64(n)))
}

// departure is when the k-th viewer to come is sent away by a falling stage.
func (a *Audience) departure(k int) time.Duration {
	for _, r := range a.ramps {
		if fall := r.from - r.to; fall > 0 {
			if k < fall {
				return r.at + portion(r.over, k+1, fall)
			}
			k -= fall
		}
	}
	return Never
}

// Wake is when the next viewer arrives; [Never] when none is left.
func (a *Audience) Wake() time.Duration {
	at := Never
	for i := range a.groups {
		at = min(at, a.groups[i].at)
	}
	return at
}

// Next returns the next viewer, in order of time; false when none is left.
func (a *Audience) Next() (Arrival, bool) {
	if len(a.groups) == 0 {
		return Arrival{}, false
	}
	i := 0
	for k := range a.groups {
		if a.groups[k].at < a.groups[i].at {
			i = k
		}
	}
	g := &a.groups[i]
	v := Arrival{At: g.at, Player: uint64(g.first+g.next) + uint64(a.cfg.Earlier)*generations*Generation, until: Never}
	cohort, entry, region := g.seats.next()
	if v.Cohort, v.Entry = int16(cohort), int16(entry); a.sites != nil {
		v.Region, v.site = uint8(region), a.sites[region]
	}
	if !g.surge {
		v.until = a.departure(g.next)
	}
	a.begin(&v)
	if !a.pass(g) || !a.seek(g) {
		a.groups = append(a.groups[:i], a.groups[i+1:]...)
	}
	return v, true
}

// begin fills in what follows from the viewer's number.
func (a *Audience) begin(v *Arrival) {
	v.Session = 1
	v.Seed = a.seed.For(v.Player)
	v.Pop = v.Seed.Uniform(rulePop, 0)
	v.Leave = v.until
	if mean := a.cfg.Session.Mean; mean > 0 {
		stay := float64(mean) * v.Seed.Exponential(ruleSession, 0)
		if stay < float64(Never-v.At) {
			v.Leave = min(v.Leave, v.At+time.Duration(stay))
		}
	}
}

// again is the same viewer coming back.
func again(v Arrival, at time.Duration, why Why) Arrival {
	v.At, v.Failed = at, why == Fatal
	v.Session++
	v.Seed = v.Seed.For(uint64(v.Session))
	return v
}

// Ended returns the viewer that comes after the session of v, which ended at now,
// and when; false = there is none. Under churn the place of a viewer that left, or
// has seen everything, goes to a new one at once. A viewer whose player gave up
// comes back when the config says so; otherwise its place stays empty until it
// would have left.
func (a *Audience) Ended(now time.Duration, v Arrival, why Why) (Arrival, bool) {
	at := now
	if why == Fatal {
		if s := &a.cfg.Session; s.Rejoin {
			back := now + s.RejoinAfter
			return again(v, back, why), back < v.Leave
		}
		at = max(now, v.Leave)
	}
	if a.cfg.Session.Mean == 0 || at >= v.until {
		return Arrival{}, false
	}
	next := Arrival{At: at, Player: v.Player + Generation, Region: v.Region, site: v.site, Cohort: v.Cohort, Entry: v.Entry, until: v.until}
	a.begin(&next)
	return next, true
}

// Surge adds n viewers that arrive evenly from now on within over, in the same
// proportions.
func (a *Audience) Surge(now time.Duration, n int, over time.Duration) {
	a.add(group{n: n, surge: true, start: now, over: over})
}

// Reconnect reports whether a share of the viewers that all break off and come
// back at now includes v, and how v comes back. Occurrence tells one such event
// from another.
func (a *Audience) Reconnect(now time.Duration, v Arrival, occurrence uint64, share float64) (Arrival, bool) {
	if a.seed.For(v.Player).Uniform(ruleReconnect, occurrence) >= share || now >= v.Leave {
		return Arrival{}, false
	}
	return again(v, now, Left), true
}
