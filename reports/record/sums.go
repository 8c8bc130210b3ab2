package record

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/traffic"
)

// Sums is what was recorded so far, added up over all phases, for those who watch a run.
// Sums of a later instant are never smaller, except what is said to be of now, and
// ByHeaders: some requests to the origin turn out to have been shared. Those of
// parts of a run add up.
type Sums struct {
	Cohorts   []CohortSums // like Config.Cohorts
	Requests  [m3u8.Kinds]Requests
	Faults    []FaultSums // like Config.Faults
	Pipelines []int64     // sessions now, by the pipeline that they watch

	// Requests to the origin: counted there, and as the headers of answers show them.
	AtOrigin, ByHeaders int64
	Headers             bool              // some answer had headers of a cache
	Layers              [cdn.Layers]int64 // answers by the layer that gave them
}

// CohortSums are the sessions of a cohort.
type CohortSums struct {
	Joining, Playing, Stalled int64 // now

	Started, StartupFailed int64
	// How sessions ended: by an error, as the viewer wished, with the presentation, or with
	// the run, after a first frame or before it.
	Fatal, Left, Ended, Cut, Unfinished int64

	Stalls                 int64         // those that go on included
	PlayedFor, StalledFor  time.Duration // up to the last event of each session
	Startup, Stall, Behind reports.Histogram
}

// FaultSums is what an occurrence of a fault did.
type FaultSums struct {
	On      bool              // now
	Cohorts []FaultCohortSums // like Config.Cohorts
}

// FaultCohortSums is what an occurrence of a fault did to a cohort.
type FaultCohortSums struct {
	Undecided int64 // now: affected sessions whose outcome is open
	Outcomes  [outcomes]int64
	// Failover has those that failed over and play, at the end all that took media of
	// something healthy; Outage has those whose outcome is final.
	Failover, Outage reports.Histogram
}

// Sums returns what was recorded until now. It locks each part of the sessions for moments.
// After [Collector.Finish] there is nothing: nil.
func (c *Collector) Sums() *Sums {
	s := newSums(&c.cfg)
	co := c.course.Load()
	for i := range s.Faults {
		s.Faults[i].On = co.Occurrences[i].now()
	}
	for _, sh := range c.shards {
		sh.mu.Lock()
		groups := slices.Collect(maps.Values(sh.Groups))
		s.count(&sh.Counts, false)
		sh.mu.Unlock()
		for _, g := range groups {
			s.distribute(g, &sh.mu)
		}
	}
	s.AtOrigin = c.meter.Total(traffic.OriginRequests)
	s.ByHeaders += c.fills.Total(traffic.OriginRequests)
	if c.over.Load() { // some shards may have been empty already
		return nil
	}
	return s
}

// Sums is what the part has. Nothing is of now in a part of a run that is over.
func (p *Part) Sums() *Sums {
	s := newSums(p.cfg)
	for i := range s.Faults {
		s.Faults[i].On = p.Windows[i].now()
	}
	s.count(&p.Counts, p.Over)
	for _, g := range p.Groups {
		s.distribute(g, new(sync.Mutex))
	}
	if p.Meter != nil {
		s.AtOrigin = p.Meter.Total(traffic.OriginRequests)
	}
	if len(p.Fills) > 0 {
		counted := traffic.New(p.cfg.Duration)
		counted.Count(p.Fills)
		s.ByHeaders += counted.Total(traffic.OriginRequests)
	}
	return s
}

// Add adds the sums of another part of the same run.
func (s *Sums) Add(o *Sums) {
	if s.Cohorts == nil && s.Faults == nil {
		*s = Sums{Cohorts: make([]CohortSums, len(o.Cohorts)), Faults: make([]FaultSums, len(o.Faults)), Pipelines: make([]int64, len(o.Pipelines))}
		for i := range s.Faults {
			s.Faults[i].Cohorts = make([]FaultCohortSums, len(o.Faults[i].Cohorts))
		}
	}
	reports.Add(s, o)
}

// Coarsen makes distributions less exact, so that they take less: by less than 1 % of each
// value.
func (s *Sums) Coarsen() {
	for i := range s.Cohorts {
		c := &s.Cohorts[i]
		c.Startup, c.Stall = c.Startup.Coarse(), c.Stall.Coarse()
	}
	for i := range s.Faults {
		for k := range s.Faults[i].Cohorts {
			c := &s.Faults[i].Cohorts[k]
			c.Failover, c.Outage = c.Failover.Coarse(), c.Outage.Coarse()
		}
	}
}

// Leave returns the sums without what is said to be of now: it is not known any more what becomes
// of these sessions.
func (s *Sums) Leave() *Sums {
	left := *s
	left.Cohorts, left.Faults, left.Pipelines = slices.Clone(s.Cohorts), slices.Clone(s.Faults), make([]int64, len(s.Pipelines))
	for i := range left.Cohorts {
		c := &left.Cohorts[i]
		c.Joining, c.Playing, c.Stalled = 0, 0, 0
	}
	for i := range left.Faults {
		f := &left.Faults[i]
		f.Cohorts = slices.Clone(f.Cohorts)
		for k := range f.Cohorts {
			f.Cohorts[k].Undecided = 0
		}
	}
	return &left
}

// Check reports whether sums that come from elsewhere can be of a run.
func (s *Sums) Check(cfg *Config) error {
	errs := []error{
		exactly("sums of cohorts", len(s.Cohorts), len(cfg.Cohorts)),
		exactly("sums of faults", len(s.Faults), len(cfg.Faults)),
		exactly("sums of pipelines", len(s.Pipelines), cfg.Pipelines),
	}
	for i := range s.Faults {
		errs = append(errs, exactly("cohorts of a fault", len(s.Faults[i].Cohorts), len(cfg.Cohorts)))
	}
	return errors.Join(errs...)
}

func newSums(cfg *Config) *Sums {
	s := &Sums{Cohorts: make([]CohortSums, len(cfg.Cohorts)), Faults: make([]FaultSums, len(cfg.Faults)), Pipelines: make([]int64, cfg.Pipelines)}
	for i := range s.Faults {
		s.Faults[i].Cohorts = make([]FaultCohortSums, len(cfg.Cohorts))
	}
	return s
}

// now reports whether the fault is on.
func (w *Window) now() bool { return w.Applied != Forever && w.Cleared == Forever }

// count adds what has to be of one instant. over: the end has cut all sessions.
func (s *Sums) count(c *Counts, over bool) {
	for k, g := range c.Groups {
		n := &s.Cohorts[k.Cohort]
		n.Started += g.Sessions
		n.StartupFailed += g.StartupFailed
		n.Fatal += g.Fatal
		n.Left += g.Left
		n.Ended += g.Ended
		n.Unfinished += g.Unfinished
		n.Cut += g.Sessions - g.Fatal - g.Left - g.Ended - g.Unfinished
		for _, t := range g.Totals {
			if t != nil {
				n.Stalls += t.Stall.Count()
				n.PlayedFor += t.Played
				n.StalledFor += t.Stalled
			}
		}
		if !over {
			n.Started += g.Open
			n.Joining += g.Open - g.OpenPlaying - g.OpenStalled
			n.Playing += g.OpenPlaying
			n.Stalled += g.OpenStalled
			n.Stalls += g.OpenStalled
		}
	}
	if !over {
		for i, n := range c.Live.Pipeline {
			s.Pipelines[i] += n
		}
	}
	for k, t := range c.Faults {
		s.Faults[k.Occurrence].Cohorts[k.Cohort].add(t, over)
	}
	s.Headers = s.Headers || c.Headers
	s.ByHeaders += c.Traffic.Total(traffic.OriginRequests)
	reports.Add(&s.Layers, &c.Traffic.ByLayer)
}

func (n *FaultCohortSums) add(t *FaultTotals, over bool) {
	n.Outage.Merge(&t.Outage)
	if over {
		reports.Add(&n.Outcomes, &t.Outcomes)
		n.Failover.Merge(&t.Failover)
		return
	}
	now := &t.SoFar
	n.Outcomes[FailedOver] += now.FailedOver
	n.Outcomes[Healed] += now.Healed
	n.Outcomes[Left] += t.Outcomes[Left]
	n.Outcomes[NeverRecovered] += t.Outcomes[NeverRecovered]
	n.Undecided += now.Affected - now.FailedOver - now.Healed - t.Outcomes[Left] - t.Outcomes[NeverRecovered]
	n.Failover.Merge(&now.Failover)
}

// distribute adds the distributions of a group, which mu guards. Small ones are added up
// first: to add to a large one takes long, and needs no lock.
func (s *Sums) distribute(g *Group, mu *sync.Mutex) {
	var startup, stall, behind reports.Histogram
	var requests [m3u8.Kinds]Requests
	mu.Lock()
	for _, t := range g.Totals {
		if t == nil {
			continue
		}
		startup.Merge(&t.Startup)
		stall.Merge(&t.Stall)
		behind.Merge(&t.Latency)
		for k, r := range t.Kinds {
			reports.Add(&requests[k], r)
		}
	}
	mu.Unlock()
	n := &s.Cohorts[g.Key.Cohort]
	n.Startup.Merge(&startup)
	n.Stall.Merge(&stall)
	n.Behind.Merge(&behind)
	reports.Add(&s.Requests, &requests)
}
