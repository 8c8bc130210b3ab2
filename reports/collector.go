package reports

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

// Collector takes what happens during a run. All its methods may be called
// from any goroutine; a session's samples must come from one at a time.
type Collector struct {
	cfg     Config
	topRank int
	shards  []*shard
	course  atomic.Pointer[course]
	meter   Meter
	fills   fills

	startups startups

	mu      sync.Mutex // serialises changes of the course
	planned []int32    // occurrences by planned start

	presence struct {
		mu        sync.Mutex
		now, peak int64
	}
}

// shard holds a part of the sessions under one lock.
type shard struct {
	c            *Collector
	mu           sync.Mutex
	open         []*Session
	groups       map[groupKey]*group
	impacts      map[impactKey]*impact
	pending      []pendingDeath
	spare        *trouble
	traffic      Traffic // as the players saw it
	headers      bool    // some answer told about caches
	odd          oddHeaders
	fetched      Histogram // first bytes of the origin, as headers tell
	rows         rows
	live         Live
	rejoins      int64
	redirects    int64
	playingAtEnd int64

	kinds   [m3u8.Kinds]seen
	watched []watched // by rendition
	left    []time.Duration
}

// New returns a collector. It fails when the configuration cannot be measured.
func New(cfg Config) (*Collector, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	if len(cfg.Cohorts) == 0 {
		cfg.Cohorts = []Cohort{{Name: "viewers"}}
	}
	if len(cfg.Profiles) == 0 {
		cfg.Profiles = []Profile{{Name: "unknown"}}
	}
	c := &Collector{cfg: cfg, topRank: -1}
	if cfg.Events != nil {
		cfg.Events.attach(&c.cfg)
	}
	for _, r := range cfg.Renditions {
		c.topRank = max(c.topRank, r.Rank)
	}
	c.meter.t = newTraffic(cfg.Duration)
	c.startups = startups{byCohort: make([]Histogram, len(cfg.Cohorts)), none: cfg.TargetDuration}
	co := &course{}
	for i := range cfg.Faults {
		co.occs = append(co.occs, occurrence{fault: &cfg.Faults[i], media: anyMedia(&cfg.Faults[i]), applied: forever, cleared: forever, recEnd: forever})
		c.planned = append(c.planned, int32(i))
	}
	slices.SortStableFunc(c.planned, func(a, b int32) int { return cmp.Compare(cfg.Faults[a].At, cfg.Faults[b].At) })
	co.cut(cfg.ArrivalsEnd, cfg.TargetDuration, c.upcoming(co))
	c.course.Store(co)
	for range cfg.Shards {
		c.shards = append(c.shards, &shard{
			c: c, groups: map[groupKey]*group{}, impacts: map[impactKey]*impact{}, traffic: newTraffic(cfg.Duration),
			rows: newRows(cfg.Duration, cfg.Pipelines),
			live: Live{Pipeline: make([]int64, cfg.Pipelines), Faults: make([]LiveFault, len(cfg.Faults))},
		})
	}
	c.meter.t.reserve(cfg.Duration)
	for _, sh := range c.shards {
		sh.traffic.reserve(cfg.Duration)
		sh.rows.reserve(cfg.Duration)
	}
	return c, nil
}

// Meter is where a rig counts the true load. It is optional.
func (c *Collector) Meter() *Meter { return &c.meter }

// FaultApplied says that an occurrence is on since at: applied and
// acknowledged. An occurrence that is not in Config.Faults, as one added by
// hand, is an error.
func (c *Collector) FaultApplied(rule, occurrence int, at time.Duration) error {
	normal := make([]time.Duration, len(c.cfg.Cohorts))
	for i := range normal {
		normal[i] = c.startups.usual(i)
	}
	return c.change(rule, occurrence, func(co *course, i int) error {
		o := &co.occs[i]
		if o.applied != forever {
			return fmt.Errorf("fault %s, occurrence %d: applied at %v, and again at %v", o.fault.Name, occurrence, o.applied, at)
		}
		o.applied, o.normal = at, normal
		return nil
	})
}

// FaultCleared says that an occurrence is undone since at.
func (c *Collector) FaultCleared(rule, occurrence int, at time.Duration) error {
	return c.change(rule, occurrence, func(co *course, i int) error {
		o := &co.occs[i]
		if o.applied == forever || o.cleared != forever {
			return fmt.Errorf("fault %s, occurrence %d: cleared at %v while it was not on", o.fault.Name, occurrence, at)
		}
		o.cleared = max(at, o.applied)
		return nil
	})
}

func (c *Collector) change(rule, occurrence int, f func(*course, int) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.course.Load()
	i := slices.IndexFunc(c.cfg.Faults, func(f chaos.Fault) bool { return f.Rule == rule && f.Occurrence == occurrence })
	if i < 0 {
		return fmt.Errorf("fault of rule %d, occurrence %d: not planned", rule, occurrence)
	}
	co := &course{spans: old.spans, occs: slices.Clone(old.occs)}
	if err := f(co, i); err != nil {
		return err
	}
	settleRecoveries(co.occs, c.cfg.Recovery)
	co.cut(c.cfg.ArrivalsEnd, c.cfg.TargetDuration, c.upcoming(co))
	c.course.Store(co)
	return nil
}

// upcoming is the rules that are planned next after what was applied.
func (c *Collector) upcoming(co *course) bits {
	var b bits
	first := forever
	for _, i := range c.planned {
		o := &co.occs[i]
		if o.applied != forever {
			continue
		}
		if first == forever {
			first = o.fault.At
		}
		if o.fault.At-first <= c.cfg.TargetDuration {
			b |= 1 << uint(o.fault.Rule)
		}
	}
	return b
}

// startups are those so far, by cohort and of all.
type startups struct {
	mu       sync.Mutex
	byCohort []Histogram
	all      Histogram
	none     time.Duration // the usual one before there was any
}

func (n *startups) note(cohort int, d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.byCohort[cohort].Duration(d)
	n.all.Duration(d)
}

// usual is the 95th percentile of the startups so far: of the cohort, else of
// everybody, else a target duration.
func (n *startups) usual(cohort int) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range []*Histogram{&n.byCohort[cohort], &n.all} {
		if h.Count() > 0 {
			return time.Duration(h.quantile(.95, 0)) * time.Microsecond
		}
	}
	return n.none
}

func (c *Collector) present(d int64) {
	c.presence.mu.Lock()
	defer c.presence.mu.Unlock()
	c.presence.now += d
	c.presence.peak = max(c.presence.peak, c.presence.now)
}

func (c *Collector) faultName(occ int32) string { return c.cfg.Faults[occ].Name }

func (sh *shard) groupOf(k groupKey) *group {
	g := sh.groups[k]
	if g == nil {
		g = &group{key: k}
		sh.groups[k] = g
	}
	return g
}

func (sh *shard) impactOf(k impactKey) *impact {
	n := sh.impacts[k]
	if n == nil {
		n = &impact{}
		sh.impacts[k] = n
	}
	return n
}

func (sh *shard) fault(occ int32) *LiveFault { return &sh.live.Faults[occ] }

// trouble takes a record from those that were folded, or makes one.
func (sh *shard) trouble() *trouble {
	if t := sh.spare; t != nil {
		sh.spare = t.next
		return t
	}
	return new(trouble)
}

func (sh *shard) recycle(t *trouble) {
	t.next = sh.spare
	sh.spare = t
}

// Live is the state of a run while it goes on.
type Live struct {
	Started                   int64   // sessions so far
	Joining, Playing, Stalled int64   // sessions now
	Fatal                     int64   // so far
	FailedOver                int64   // so far: moved away from a fault and played on
	Pipeline                  []int64 // sessions now, by the pipeline they watch

	// So far.
	Requests       [m3u8.Kinds]int64
	Answers        int64
	Errors         int64
	EdgeBytes      int64
	OriginRequests int64

	Faults []LiveFault // like Config.Faults
}

// LiveFault is what a fault did so far.
type LiveFault struct {
	Applied, Cleared bool
	Affected         int64
	Moved            int64 // got media of something healthy
	FailedOver       int64
	Healed           int64
}

// Live returns the state now. It locks each part of the sessions for a moment.
func (c *Collector) Live() Live {
	l := Live{Pipeline: make([]int64, c.cfg.Pipelines), Faults: make([]LiveFault, len(c.cfg.Faults))}
	for _, sh := range c.shards {
		sh.mu.Lock()
		l.add(&sh.live)
		sh.mu.Unlock()
	}
	if n := c.meter.total(originRequests); n > 0 {
		l.OriginRequests = n
	}
	co := c.course.Load()
	for i := range l.Faults {
		l.Faults[i].Applied = co.occs[i].applied != forever
		l.Faults[i].Cleared = co.occs[i].cleared != forever
	}
	return l
}

func (l *Live) add(o *Live) {
	l.Started += o.Started
	l.Joining += o.Joining
	l.Playing += o.Playing
	l.Stalled += o.Stalled
	l.Fatal += o.Fatal
	l.FailedOver += o.FailedOver
	for i := range o.Pipeline {
		l.Pipeline[i] += o.Pipeline[i]
	}
	for i := range o.Requests {
		l.Requests[i] += o.Requests[i]
	}
	l.Answers += o.Answers
	l.Errors += o.Errors
	l.EdgeBytes += o.EdgeBytes
	l.OriginRequests += o.OriginRequests
	for i := range o.Faults {
		l.Faults[i].Affected += o.Faults[i].Affected
		l.Faults[i].Moved += o.Faults[i].Moved
		l.Faults[i].FailedOver += o.Faults[i].FailedOver
		l.Faults[i].Healed += o.Faults[i].Healed
	}
}
