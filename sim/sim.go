package sim

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/draw"
	"hlsload/player/link"
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
	// Observe, when set, sees every sample of every player.
	Observe func(*player.Sample)
	// Second, when set, is called once per second of the run. It may end the
	// run: the reason is not empty then.
	Second func(now time.Duration) (stop string)
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

// sim is a simulation under way.
type sim struct {
	cfg       *Config
	now       time.Duration
	events    *queue
	rig, twin *rig.Rig
	plan      *chaos.Plan
	conductor *chaos.Conductor
	audience  *audience.Audience
	rewriter  *chaos.Rewriter

	seats    store[seat]
	flights  store[flight]
	coming   store[audience.Arrival]
	cautions map[uint64]*player.Caution // of viewers who come back, by number
	configs  map[[2]int]*player.Config
	lists    lists
	ladders  map[ladderKey]*player.Ladder
	pops     [2][]string // names of the edges, and of the twin's
	hooked   bool        // there are faults via viewer
	bitten   chaos.Marks // faults via viewer that were seen to act
	stopped  bool
	stuck    error // a player that never comes to rest
	turns    int   // of seats at this instant

	// What is used again and again, so that nothing is made for it.
	acting  *seat // whose player is asked
	asked   rig.Flight
	thing   chaos.Thing
	actions []player.Action
	moved   []link.Event
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
	s := &sim{cfg: cfg, events: newQueue(), plan: chaos.NewPlan(cfg.Seed),
		cautions: map[uint64]*player.Caution{}, configs: map[[2]int]*player.Config{}, ladders: map[ladderKey]*player.Ladder{}}
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
	s.schedule(s.audience.Wake(), arrive, 0, 0)
	s.schedule(0, conduct, 0, 0)
	s.schedule(time.Second, second, 0, 0)
	return s, nil
}

func (s *sim) schedule(at time.Duration, k kind, ref, gen uint32) {
	if at < player.Never {
		s.events.push(max(at, s.now), k, ref, gen)
	}
}

func (s *sim) loop() error {
	var e entry
	last := s.cfg.Duration + 2*s.cfg.Timeline.Grace() + time.Hour
	for !s.stopped && s.events.pop(&e) {
		if e.at > s.now {
			s.now, s.turns = e.at, 0
		}
		if s.now > last {
			return fmt.Errorf("simulation: does not end: reached %v of %v", s.now, s.cfg.Duration)
		}
		switch e.kind() {
		case wakeSeat:
			s.wakes(&e)
		case reach:
			if f := s.flights.at(e.ref); f.gen == e.gen {
				s.reach(f)
			}
		case reveal:
			if f := s.flights.at(e.ref); f.gen == e.gen {
				st := s.seats.at(f.seat)
				s.reveal(st, f)
				s.attend(st)
			}
		case leave:
			if st := s.seats.at(e.ref); st.gen == e.gen {
				s.step(st, &player.Event{Type: player.Leave})
				s.settle(st)
			}
		case arrive:
			s.arrivals()
		case comeback:
			a := *s.coming.at(e.ref)
			s.coming.give(e.ref)
			s.sit(a)
		case conduct:
			s.conduct(chaos.Observation{Type: chaos.Tick})
		case second:
			s.tick()
		}
	}
	return s.stuck
}

// tick is called once per second.
func (s *sim) tick() {
	if s.cfg.Second != nil {
		if why := s.cfg.Second(s.now); why != "" {
			s.conduct(chaos.Observation{Type: chaos.Abort, Detail: why, OK: true})
		}
	}
	s.schedule(s.now+time.Second, second, 0, 0)
}

func (s *sim) arrivals() {
	for s.audience.Wake() <= s.now {
		a, ok := s.audience.Next()
		if !ok {
			break
		}
		s.sit(a)
	}
	s.schedule(s.audience.Wake(), arrive, 0, 0)
}
