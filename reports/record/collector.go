package record

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/reports"
	"hlsload/reports/traffic"
)

// Collector takes what happens during a run. All its methods may be called
// from any goroutine; a session's samples must come from one at a time.
type Collector struct {
	cfg      Config
	topRank  int
	shards   []*shard
	course   atomic.Pointer[PhaseMap]
	over     atomic.Bool
	meter    traffic.Meter
	fills    traffic.Fills
	delays   []*sharedDelays // one; in a simulation, whose shards would wait for one another all the time, one each
	startups sharedStartups
	outcomes *rolls                          // nil = they are not kept
	usualNow atomic.Pointer[[]time.Duration] // by cohort, as it was said last
	past     *Part                           // recorded by another process before the machine was lost; nil = nothing

	mu sync.Mutex // serialises changes of the phases
}

// shard holds a part of the sessions under one lock.
type shard struct {
	c       *Collector
	mu      sync.Mutex
	open    []*Session
	pending []pendingDeath
	spare   *faultRecord
	delays  *sharedDelays
	listed  listed
	lag     reports.Histogram // from due to sent, in µs
	Counts
}

// New returns a collector. It fails when the configuration cannot be measured.
func New(cfg Config) (*Collector, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	c := &Collector{cfg: cfg, topRank: -1, outcomes: newRolls(cfg.Outcomes)}
	if cfg.Events != nil {
		cfg.Events.cfg = &c.cfg
	}
	for _, r := range cfg.Renditions {
		c.topRank = max(c.topRank, r.Rank)
	}
	c.meter.Start(cfg.Duration)
	c.fills.Start(cfg.Duration, cfg.Agent != "")
	c.startups.byCohort = make(Startups, len(cfg.Cohorts))
	c.course.Store(c.cfg.phases(nil, c.cfg.occurrences(), nil))
	for range cfg.Shards {
		sh := &shard{c: c, lag: reports.CoarseHistogram(), Counts: newCounts(&c.cfg)}
		sh.Traffic.Reserve(cfg.Duration)
		sh.Rows.reserve(cfg.Duration)
		if len(c.delays) == 0 || cfg.Mode == reports.ModeSimulate {
			sh.delays = new(sharedDelays)
			sh.delays.reserve(sh.Rows.Step, cfg.Duration)
			c.delays = append(c.delays, sh.delays)
		}
		sh.delays = c.delays[len(c.delays)-1]
		c.shards = append(c.shards, sh)
	}
	return c, nil
}

// Config is what the collector measures.
func (c *Collector) Config() *Config { return &c.cfg }

// Meter is where a rig counts the true load. It is optional.
func (c *Collector) Meter() *traffic.Meter { return &c.meter }

// FreshFills are the answers that may share requests to the origin with those of other
// machines; see [traffic.Fills.Since].
func (c *Collector) FreshFills(next int64, most int) (fills []traffic.BriefFill, first int64) {
	return c.fills.Since(next, most)
}

// Told is what a collector was told. Sessions may take the place of others that are over.
type Told struct {
	At time.Duration // of what comes from a session

	// A session: it begins, or has a sample.
	Session *Session
	Joined  *SessionInfo
	Sample  *player.Sample
	Meta    *Meta

	// An occurrence that was applied or cleared, and its window now.
	Fault  *chaos.Fault
	Window *Window

	Usual []time.Duration // the usual startup times
}

// FaultApplied says that an occurrence is on since at: applied and
// acknowledged. usual are the usual startup times by cohort, of all sessions of the run:
// [Collector.Usual] when this collector has all of them. A fault without
// length is over at once. An occurrence that is not in Config.Faults is an error.
func (c *Collector) FaultApplied(rule, occurrence int, at time.Duration, usual []time.Duration) error {
	if len(usual) != len(c.cfg.Cohorts) {
		return fmt.Errorf("fault of rule %d, occurrence %d: %d usual startup times (want one for each of %d cohorts)", rule, occurrence, len(usual), len(c.cfg.Cohorts))
	}
	return c.change(rule, occurrence, func(o *Occurrence) error {
		if o.Applied != Forever {
			return fmt.Errorf("fault %s, occurrence %d: applied at %v, and again at %v", o.Fault.Name, occurrence, o.Applied, at)
		}
		o.Applied, o.Usual = at, usual
		if o.Fault.Kind.Spec().Instant {
			o.Cleared = at
		}
		return nil
	})
}

// FaultCleared says that an occurrence is undone since at.
func (c *Collector) FaultCleared(rule, occurrence int, at time.Duration) error {
	return c.change(rule, occurrence, func(o *Occurrence) error {
		if o.Applied == Forever || o.Cleared != Forever {
			return fmt.Errorf("fault %s, occurrence %d: cleared at %v while it was not on", o.Fault.Name, occurrence, at)
		}
		o.Cleared = max(at, o.Applied)
		return nil
	})
}

func (c *Collector) change(rule, occurrence int, f func(*Occurrence) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.course.Load()
	i := c.cfg.find(rule, occurrence)
	if i < 0 {
		return fmt.Errorf("fault of rule %d, occurrence %d: not planned", rule, occurrence)
	}
	occs := slices.Clone(old.Occurrences)
	if err := f(&occs[i]); err != nil {
		return err
	}
	co := c.cfg.phases(old.Sets, occs, old.Gaps)
	c.course.Store(co)
	c.gather(co, min(occs[i].Applied, occs[i].Cleared))
	if c.cfg.Tap != nil {
		c.cfg.Tap(Told{Fault: &c.cfg.Faults[i], Window: &occs[i].Window})
	}
	return nil
}

// gather keeps what occurrences did that were over by an instant in one shard: in all of them it
// would take many times as much, and more with every occurrence.
func (c *Collector) gather(co *PhaseMap, now time.Duration) {
	if len(c.shards) == 1 {
		return
	}
	all := c.shards[0]
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, sh := range c.shards[1:] {
		sh.mu.Lock()
		var used map[*FaultTotals]bool // by sessions
		for k, n := range sh.Faults {
			if co.Occurrences[k.Occurrence].RecoveryEnd >= now {
				continue
			}
			if used == nil {
				used = sh.used()
			}
			if !used[n] {
				reports.Add(all.faultOf(k), n)
				delete(sh.Faults, k)
			}
		}
		sh.mu.Unlock()
	}
}

// used are the totals that sessions of the shard will still add to.
func (sh *shard) used() map[*FaultTotals]bool {
	used := map[*FaultTotals]bool{}
	for _, s := range sh.open {
		for t := s.faults; t != nil; t = t.next {
			used[t.totals] = true
		}
	}
	for i := range sh.pending {
		used[sh.pending[i].t.totals] = true
	}
	return used
}

// find is the place of an occurrence in Faults; -1 = it is not planned.
func (c *Config) find(rule, occurrence int) int {
	for i := range c.Faults {
		if f := &c.Faults[i]; f.Rule == rule && f.Occurrence == occurrence {
			return i
		}
	}
	return -1
}
