package sim

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/draw"
	"hlsload/reports/record"
	"hlsload/rig"
)

// Config is what is simulated. Everything in it is shared and must not change.
type Config struct {
	Rig      rig.Config
	Seed     draw.Seed
	Epoch    time.Time // wall-clock instant of 0
	Duration time.Duration
	Audience audience.Config
	Profiles []*player.Profile // by cohort
	HeadOnly bool              // segments are asked for with HEAD
	Cautious bool              // players do not storm; see [player.Config]
	Faults   []chaos.Fault
	Timeline chaos.Timeline

	Collector *record.Collector
	// Observe, when set, sees every sample of every player, in order of time.
	Observe func(*player.Sample)
	// Second, when set, is called once per second of the run. It may end the
	// run: the reason is not empty then.
	Second func(now time.Duration) (stop string)

	// Lanes is into how many parts the viewers are split, 0 = 1. Each calls f with 0
	// to n-1, as many at the same time as it can, and returns after all of these
	// calls have; nil = one after the other. The results do not depend on either. A
	// collector with as many shards as there are lanes, a power of two up to 512,
	// keeps lanes out of each other's way. There is one lane where order matters or
	// answers take hardly any time: with Observe, a log of events, faults via viewer,
	// or an edge from which answers may take less than 2 ms.
	Lanes int
	Each  func(n int, f func(i int))
}

// Result is what the collector does not know.
type Result struct {
	End      time.Duration // when the run ended
	Outcomes []chaos.Outcome
	Aborted  string // why the run ended early
	Stats    *rig.Stats
	Control  *rig.Stats // of the undisturbed twin; nil without one
}

// host is the name of the channel in URLs; nothing resolves it.
const host = "http://rig"

// sim is a simulation under way. Viewers meet at the rig only, and its answers take some
// time to reach them. So time passes in windows of half that time at most: within one,
// each lane of viewers goes on by itself, while the rig answers, in order of time, what
// was asked in the window before. At the start of the next one, these answers are heard.
// A viewer whose questions are all answered goes ahead of the others, until it asks
// again: what it asks then waits for its window. Faults, and all else that concerns many
// viewers, come between two windows, and no viewer goes beyond. Within windows lanes only
// read what is here, and only the rig changes what is its own.
type sim struct {
	cfg       *Config
	rig, twin *rig.Rig
	plan      *chaos.Plan
	conductor *chaos.Conductor
	audience  *audience.Audience
	rewriter  *chaos.Rewriter
	lanes     []*lane
	window    time.Duration // the longest; 0 = one lane, whose questions are answered at once
	ahead     bool          // a seat goes on alone as far as it can see
	pops      [2][]string   // names of the edges, and of the twin's
	hooked    bool          // there are faults via viewer

	now       time.Duration
	conductAt time.Duration // when the conductor wants a tick
	secondAt  time.Duration // when a second of the run is over
	until     time.Duration // the end of the window
	limit     time.Duration // up to when a seat may go ahead of the others
	asked     rig.Flight    // used again and again
	tasks     func(i int)   // of a window: the rig's, then that of each lane
	stopped   bool
}

// Run simulates. The collector is fed but not finished.
func Run(cfg *Config) (*Result, error) {
	s, err := begin(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.loop(); err != nil {
		return nil, err
	}
	r := &Result{End: s.now, Outcomes: s.conductor.Outcomes(), Aborted: s.conductor.Aborted(), Stats: s.rig.Stats()}
	if s.twin != nil {
		r.Control = s.twin.Stats()
	}
	return r, nil
}

// begin makes everything that takes part.
func begin(cfg *Config) (*sim, error) {
	s := &sim{cfg: cfg, plan: chaos.NewPlan(cfg.Seed), secondAt: time.Second}
	var err error
	if s.rig, err = rig.New(cfg.Rig, cfg.Seed, cfg.Epoch); err != nil {
		return nil, fmt.Errorf("simulation: %w", err)
	}
	for i := range cfg.Audience.Cohorts {
		if cfg.Audience.Cohorts[i].FaultsNone && s.twin == nil {
			if s.twin, err = rig.New(cfg.Rig, cfg.Seed, cfg.Epoch); err != nil {
				return nil, fmt.Errorf("simulation: twin: %w", err)
			}
		}
	}
	for i := range cfg.Faults {
		s.hooked = s.hooked || cfg.Faults[i].Via == chaos.ViaViewer
	}
	for i := range cfg.Rig.Edge.Pops {
		s.pops[0], s.pops[1] = append(s.pops[0], rig.PopName(i, false)), append(s.pops[1], rig.PopName(i, true))
	}
	s.rewriter = chaos.NewRewriter(cfg.Rig.Rewriting(cfg.Faults))
	s.rig.Stats().OnOrigin = cfg.Collector.Meter().Origin
	s.conductor = chaos.NewConductor(cfg.Faults, cfg.Timeline)
	s.audience = audience.New(&cfg.Audience, cfg.Seed)
	n := 1
	if !s.hooked {
		s.window = windowOf(cfg)
	}
	told := cfg.Collector.Config()
	if s.ahead = s.window > 0 && cfg.Observe == nil && told.Events == nil && told.Tap == nil; s.ahead {
		n = max(cfg.Lanes, 1)
	}
	for range n {
		s.lanes = append(s.lanes, newLane(s))
	}
	s.tasks = func(i int) {
		if i == 0 {
			s.answer()
		} else {
			s.lanes[i-1].run()
		}
	}
	return s, nil
}

// Windows are not longer, so that little waits for their end, nor shorter: there would be
// too many.
const (
	leastWindow = time.Millisecond
	mostWindow  = 100 * time.Millisecond
)

// windowOf is half the least time in which the first byte of an answer comes from the
// edge; 0 = too short.
func windowOf(cfg *Config) time.Duration {
	d := mostWindow
	for _, l := range cfg.Audience.Links() {
		d = min(d, (l.LeastDownward()+cfg.Rig.Edge.Latency)/2)
	}
	if d < leastWindow {
		return 0
	}
	return d
}

// loop runs one window after another, and between them what comes at an instant of its
// own.
func (s *sim) loop() error {
	last := s.cfg.Duration + 2*s.cfg.Timeline.Grace() + time.Hour
	for !s.stopped {
		at, next := s.next(), min(s.conductAt, s.secondAt)
		if next <= at {
			s.pause(next)
			if next == s.conductAt {
				s.conductAt = player.Never
				s.conduct(chaos.Observation{Type: chaos.Tick})
			} else {
				s.tick()
			}
			continue
		}
		if s.now = at; at > last {
			return fmt.Errorf("simulation: does not end: reached %v of %v", at, s.cfg.Duration)
		}
		s.limit = next
		if s.until = next; s.window > 0 {
			s.until = min(s.until, (at/s.window+1)*s.window) // wherever the lanes stand
		}
		s.turn()
		s.arrivals()
		s.each(1+len(s.lanes), s.tasks)
		for _, l := range s.lanes {
			if l.stuck != nil {
				return l.stuck
			}
		}
	}
	return nil
}

// next is the instant from which something happens that is not between windows.
func (s *sim) next() time.Duration {
	at := s.audience.Wake()
	for _, l := range s.lanes {
		if len(l.asks)+len(l.asked)+len(l.answers) > 0 { // something is still to be heard
			return min(at, s.until)
		}
		at = min(at, l.events.next(), max(l.agenda.next(), s.until))
	}
	return at
}

// pause is what comes before something between windows at an instant: all is answered and
// heard.
func (s *sim) pause(at time.Duration) {
	s.now, s.until, s.limit = at, at, at
	for range 2 {
		s.turn()
		s.answer()
		for _, l := range s.lanes {
			l.hear()
		}
	}
}

// turn is what comes between any two windows: answers can be heard, and questions be
// answered.
func (s *sim) turn() {
	for _, l := range s.lanes {
		l.now = s.now // seats may have gone ahead
		l.answers, l.asked, l.asks, l.next = l.asked, l.asks, l.answers, 0
		for twin, pops := range l.aborted {
			for pop, n := range pops {
				for range n {
					s.asked.Pop = pop
					s.rigOf(twin > 0).Abort(0, &s.asked) // it only counts
				}
				pops[pop] = 0
			}
		}
	}
}

// each calls f with 0 to n-1.
func (s *sim) each(n int, f func(i int)) {
	if s.cfg.Each != nil && len(s.lanes) > 1 {
		s.cfg.Each(n, f)
		return
	}
	for i := range n {
		f(i)
	}
}

// tick is called once per second.
func (s *sim) tick() {
	s.secondAt += time.Second
	if s.cfg.Second != nil {
		if why := s.cfg.Second(s.now); why != "" {
			s.conduct(chaos.Observation{Type: chaos.Abort, Detail: why, OK: true})
		}
	}
}

// arrivals has those who arrive within the window arrive in their lanes.
func (s *sim) arrivals() {
	for s.audience.Wake() < s.until {
		a, ok := s.audience.Next()
		if !ok {
			break
		}
		s.laneOf(a.Player).later(a)
	}
}

// laneOf is the lane of a viewer, and of those who come after it in its place.
func (s *sim) laneOf(player uint64) *lane {
	return s.lanes[player%audience.Generation%uint64(len(s.lanes))]
}
