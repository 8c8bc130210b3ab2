package record

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/traffic"
)

// Collector takes what happens during a run. All its methods may be called
// from any goroutine; a session's samples must come from one at a time.
type Collector struct {
	cfg     Config
	topRank int
	shards  []*shard
	course  atomic.Pointer[PhaseMap]
	meter   traffic.Meter
	fills   traffic.Fills

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
	groups       map[GroupKey]*Group
	faults       map[FaultKey]*FaultTotals
	pending      []pendingDeath
	spare        *faultRecord
	traffic      traffic.Load // as the players saw it
	headers      bool         // some answer told about caches
	odd          oddHeaders
	fetched      reports.Histogram // first bytes of the origin, as headers tell
	rows         Timeline
	live         Live
	rejoins      int64
	redirects    int64
	playingAtEnd int64

	kinds   [m3u8.Kinds]Answers
	watched []RenditionAnswers // by rendition
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
	c.meter.Start(cfg.Duration)
	c.startups = startups{byCohort: make([]reports.Histogram, len(cfg.Cohorts)), none: cfg.TargetDuration}
	co := &PhaseMap{}
	for i := range cfg.Faults {
		co.Occurrences = append(co.Occurrences, Occurrence{Fault: &cfg.Faults[i], media: anyMedia(&cfg.Faults[i]), Applied: Forever, Cleared: Forever, RecoveryEnd: Forever})
		c.planned = append(c.planned, int32(i))
	}
	slices.SortStableFunc(c.planned, func(a, b int32) int { return cmp.Compare(cfg.Faults[a].At, cfg.Faults[b].At) })
	co.cut(cfg.ArrivalsEnd, cfg.TargetDuration, c.upcoming(co))
	c.course.Store(co)
	for range cfg.Shards {
		c.shards = append(c.shards, &shard{
			c: c, groups: map[GroupKey]*Group{}, faults: map[FaultKey]*FaultTotals{}, traffic: traffic.New(cfg.Duration),
			rows: newRows(cfg.Duration, cfg.Pipelines),
			live: Live{Pipeline: make([]int64, cfg.Pipelines), Faults: make([]LiveFault, len(cfg.Faults))},
		})
	}
	for _, sh := range c.shards {
		sh.traffic.Reserve(cfg.Duration)
		sh.rows.reserve(cfg.Duration)
	}
	return c, nil
}

// Config is what the collector measures.
func (c *Collector) Config() *Config { return &c.cfg }

// Meter is where a rig counts the true load. It is optional.
func (c *Collector) Meter() *traffic.Meter { return &c.meter }

// FaultApplied says that an occurrence is on since at: applied and
// acknowledged. An instant is over at once. An occurrence that is not in
// Config.Faults, as one added by hand, is an error.
func (c *Collector) FaultApplied(rule, occurrence int, at time.Duration) error {
	normal := make([]time.Duration, len(c.cfg.Cohorts))
	for i := range normal {
		normal[i] = c.startups.usual(i)
	}
	return c.change(rule, occurrence, func(co *PhaseMap, i int) error {
		o := &co.Occurrences[i]
		if o.Applied != Forever {
			return fmt.Errorf("fault %s, occurrence %d: applied at %v, and again at %v", o.Fault.Name, occurrence, o.Applied, at)
		}
		o.Applied, o.normal = at, normal
		if o.Fault.Kind.Spec().Instant {
			o.Cleared = at
		}
		return nil
	})
}

// FaultCleared says that an occurrence is undone since at.
func (c *Collector) FaultCleared(rule, occurrence int, at time.Duration) error {
	return c.change(rule, occurrence, func(co *PhaseMap, i int) error {
		o := &co.Occurrences[i]
		if o.Applied == Forever || o.Cleared != Forever {
			return fmt.Errorf("fault %s, occurrence %d: cleared at %v while it was not on", o.Fault.Name, occurrence, at)
		}
		o.Cleared = max(at, o.Applied)
		return nil
	})
}

func (c *Collector) change(rule, occurrence int, f func(*PhaseMap, int) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.course.Load()
	i := slices.IndexFunc(c.cfg.Faults, func(f chaos.Fault) bool { return f.Rule == rule && f.Occurrence == occurrence })
	if i < 0 {
		return fmt.Errorf("fault of rule %d, occurrence %d: not planned", rule, occurrence)
	}
	co := &PhaseMap{Sets: old.Sets, Occurrences: slices.Clone(old.Occurrences)}
	if err := f(co, i); err != nil {
		return err
	}
	settleRecoveries(co.Occurrences, c.cfg.Recovery)
	co.cut(c.cfg.ArrivalsEnd, c.cfg.TargetDuration, c.upcoming(co))
	c.course.Store(co)
	return nil
}

// upcoming is the rules that are planned next after what was applied.
func (c *Collector) upcoming(co *PhaseMap) Rules {
	var b Rules
	first := Forever
	for _, i := range c.planned {
		o := &co.Occurrences[i]
		if o.Applied != Forever {
			continue
		}
		if first == Forever {
			first = o.Fault.At
		}
		if o.Fault.At-first <= c.cfg.TargetDuration {
			b |= 1 << uint(o.Fault.Rule)
		}
	}
	return b
}

// startups are those so far, by cohort and of all.
type startups struct {
	mu       sync.Mutex
	byCohort []reports.Histogram
	all      reports.Histogram
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
	for _, h := range []*reports.Histogram{&n.byCohort[cohort], &n.all} {
		if h.Count() > 0 {
			return time.Duration(h.Quantile(.95, 0)) * time.Microsecond
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

func (sh *shard) groupOf(k GroupKey) *Group {
	g := sh.groups[k]
	if g == nil {
		g = &Group{Key: k}
		sh.groups[k] = g
	}
	return g
}

func (sh *shard) faultTotals(k FaultKey) *FaultTotals {
	n := sh.faults[k]
	if n == nil {
		n = &FaultTotals{}
		sh.faults[k] = n
	}
	return n
}

func (sh *shard) fault(occ int32) *LiveFault { return &sh.live.Faults[occ] }

// trouble takes a record from those that were folded, or makes one.
func (sh *shard) newRecord() *faultRecord {
	if t := sh.spare; t != nil {
		sh.spare = t.next
		return t
	}
	return new(faultRecord)
}

func (sh *shard) recycle(t *faultRecord) {
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
	if n := c.meter.Total(traffic.OriginRequests); n > 0 {
		l.OriginRequests = n
	}
	co := c.course.Load()
	for i := range l.Faults {
		l.Faults[i].Applied = co.Occurrences[i].Applied != Forever
		l.Faults[i].Cleared = co.Occurrences[i].Cleared != Forever
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
