package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/inject"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/run/crew"
	"hlsload/run/crew/protocol"
	"hlsload/run/fleet"
	"hlsload/run/vital"
	"hlsload/scenarios"
	"hlsload/stage"
)

// agent carries the players of a run, or a share of them. It is a [crew.Worker].
type agent struct {
	// host is the run that is conducted in this process; then the agent's players stand on its
	// ground, and its collector records them. nil = the conductor is elsewhere.
	host     *live
	cfg      *AgentConfig // of an agent whose conductor is elsewhere
	progress stage.Progress
	guard    func()
	stop     func(reason string) // halts the whole run

	plan    plan
	ground  *ground
	check   fleet.Check
	measure record.Config

	mu         sync.Mutex
	err        error // why it cannot go on
	epoch      time.Time
	collector  *record.Collector
	speaker    *stage.Speaker
	pace       pace
	burst      burst
	late       *later // nil = samples reach the collector at once
	board      *conduct.Board
	injector   *inject.Injector
	fleet      *fleet.Fleet
	leave      context.CancelFunc // ends the sessions
	gone       chan struct{}      // closed when the last player has left
	entries    int                // of the course that it has
	waiting    []*entry           // made by the conductor in this process before the players come
	begun      bool               // the players come
	halted     bool               // all players left at once
	ended      time.Duration      // the end of the run; 0 = it is not over, or the conductor did not say
	part       *record.Part       // once the record has ended
	goroutines int64              // the peak so far
	vital      *vital.Watch       // of an agent whose conductor is elsewhere
	watching   sync.WaitGroup
}

// unrecorded is the earliest instant, from at on, of which nothing reached the collector yet.
func (a *agent) unrecorded(at time.Duration) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.late == nil {
		return at
	}
	return a.late.open(at)
}

// prepareTime bounds what an agent does to get ready.
const prepareTime = time.Minute

// Prepare implements [crew.Worker].
func (a *agent) Prepare(ctx context.Context, data []byte) (hash string, err error) {
	if a.plan, err = readPlan(data); err != nil {
		return "", err
	}
	if a.host != nil {
		if a.plan.Run != a.host.id {
			return "", errors.New("the plan is that of another conductor")
		}
		a.ground, a.check, a.measure = a.host.ground, a.host.check, a.host.measure
		if a.host.cfg.Crew != nil { // otherwise it was checked
			players := a.plan.share().players(a.ground.sc.MostPlayers())
			a.check = fleet.Preflight(players, a.ground.target.urls)
			if err := a.check.Err(players); err != nil {
				return "", err
			}
		}
		return a.measure.Key(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	if err := a.open(ctx); err != nil {
		text := a.cfg.Secrets.Text(err.Error())
		if away := (*Error)(nil); errors.As(err, &away) && away.Kind == Unreachable {
			return "", &protocol.TargetError{Text: strings.TrimPrefix(text, "void: ")}
		}
		return "", errors.New(text)
	}
	return a.measure.Key(), nil
}

// open loads the scenario of the plan and opens its target.
func (a *agent) open(ctx context.Context) error {
	src, err := scenarios.Unbundle(a.plan.Scenario, a.cfg.lookup)
	if err != nil {
		return err
	}
	sc, err := scenarios.Load(src)
	if err != nil {
		return fmt.Errorf("the scenario is invalid here: %w", err)
	}
	a.cfg.Secrets.AddAll(sc.Secrets())
	if c := sc.Target.Sessions; c != nil && c.File == nil && !a.cfg.Commands {
		return errors.New("the scenario runs a program on each agent (target.sessions.command), and this agent may not (want hlsload agent --allow-commands)")
	}
	g := newGround(sc, a.cfg.Network, a.cfg.Version, a.progress)
	a.ground = g
	switch {
	case sc.Target.Rig == nil:
		if err := g.openStream(ctx); err != nil {
			return err
		}
		if err := g.permit(ctx); err != nil {
			return err
		}
	case a.plan.Channel == nil:
		return errors.New("the plan has no edges of the embedded channel")
	default:
		names, err := rig.New(*sc.Target.Rig, g.seed(), time.Time{})
		if err != nil {
			return err
		}
		if err := g.watchChannel(names, a.plan.Channel); err != nil {
			return err
		}
	}
	players := a.plan.share().players(sc.MostPlayers())
	a.check = fleet.Preflight(players, g.target.urls)
	if err := a.check.Err(players); err != nil {
		return err
	}
	if a.measure, err = g.measured(a.plan.Run, a.cfg.Build); err != nil {
		return err
	}
	a.measure.Agent = a.plan.Name
	return nil
}

// close waits until the players are gone, and closes what the agent opened itself.
func (a *agent) close() {
	if a.begun {
		a.leave()
		<-a.gone
		a.watching.Wait()
		a.mu.Lock()
		a.burst.end()
		a.mu.Unlock()
	}
	if a.host == nil && a.ground != nil {
		_ = a.ground.target.close()
	}
}

// now is the run's clock.
func (a *agent) now() time.Duration { return time.Since(a.epoch) }

// Start implements [crew.Worker].
func (a *agent) Start(b crew.Begin) {
	if a.host != nil {
		<-a.host.crew.assembled
		if a.host.crew.failed != nil {
			return // the run is about to end
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = a.start(b)
}

func (a *agent) start(b crew.Begin) (err error) {
	a.epoch = b.At
	if r := a.host; r != nil {
		a.epoch = r.epoch
		a.collector, a.board = r.results.collector, r.chaos.board
	} else {
		a.measure.Started = b.Wall
		a.vital = vital.New(a.cfg.Vital)
		if a.collector, err = record.New(a.measure); err != nil {
			return err
		}
		a.speaker, a.board = stage.NewSpeaker(a.collector), conduct.NewBoard(a.ground.seed())
		if a.cfg.Dir != "" {
			if err := a.keepPlan(); err != nil {
				a.progress.Mark(0, err.Error())
			}
		}
		if a.cfg.Began != nil {
			a.cfg.Began(Alone{a.collector})
		}
	}
	if byHand(a.ground.faults) {
		a.late = &later{lag: manualLag(a.measure.TargetDuration)}
		if a.host == nil {
			a.late.lag += heardWithin
		}
	}
	a.injector = inject.New(a.board, a.ground.target.rewriting)
	if a.fleet, err = fleet.New(a.fleetConfig(b)); err != nil {
		return err
	}
	if s := a.ground.target.stream; s != nil {
		s.in.onEnd(a.fleet.Halt)
	}
	ctx, leave := context.WithCancel(context.Background())
	a.leave, a.gone, a.begun = leave, make(chan struct{}), true
	go func() {
		defer close(a.gone)
		defer a.guard()
		a.fleet.Run(ctx)
	}()
	a.watching.Go(func() { a.watchFleet(ctx) })
	for _, e := range a.waiting {
		err = errors.Join(err, a.do(e))
	}
	return err
}

// watchFleet lets the whole run know when the fleet halted itself, as at a ceiling.
func (a *agent) watchFleet(ctx context.Context) {
	defer a.guard()
	select {
	case <-a.fleet.Halted():
		if why, _ := a.fleet.HaltReason(); why != "" {
			a.stop(a.ground.sc.Redact(why))
		}
	case <-ctx.Done():
	}
}

// byHand reports whether a person makes a fault.
func byHand(faults []chaos.Fault) bool {
	return slices.ContainsFunc(faults, func(f chaos.Fault) bool { return f.Via == chaos.ViaManual })
}

// manualLag is how long samples wait when a person makes a fault; see [later].
func manualLag(target time.Duration) time.Duration { return 2*target + manualSpare }

// heardWithin is within what time agents elsewhere hear of an entry of the course.
const heardWithin = time.Second

// Course implements [crew.Worker].
func (a *agent) Course(entries [][]byte) {
	if a.host != nil {
		return // it applied them when they were made
	}
	for _, b := range entries {
		e, err := readEntry(b)
		if err == nil {
			err = a.apply(&e)
		}
		if err != nil {
			a.progress.Mark(a.now(), err.Error())
		}
		a.mu.Lock()
		a.entries++
		a.mu.Unlock()
	}
}

// apply does what an entry of the course says.
func (a *agent) apply(e *entry) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.begun {
		a.waiting = append(a.waiting, e)
		return nil
	}
	return a.do(e)
}

// do does what an entry of the course says. a.mu must be held, and the players come.
func (a *agent) do(e *entry) error {
	f := faultOf(a.ground.faults, e)
	if f == nil {
		return fmt.Errorf("entry of the course: rule %d, occurrence %d: not planned", e.Rule, e.Occurrence)
	}
	relink := func() {
		if f.Kind.Spec().Part == chaos.PartLink {
			a.fleet.LinksChanged()
		}
	}
	switch e.Kind {
	case applied:
		a.burst.apply(e.Rule, e.Occurrence)
		if a.host == nil {
			return a.collector.FaultApplied(e.Rule, e.Occurrence, e.At, e.Usual)
		}
	case cleared:
		a.burst.clear(e.Rule, e.Occurrence, e.At+a.ground.sc.Recovery)
		if a.host == nil {
			return a.collector.FaultCleared(e.Rule, e.Occurrence, e.At)
		}
	case opened:
		defer relink()
		for _, l := range e.Lists {
			a.injector.Show(e.At, l.URL, l.Body)
		}
		return a.injector.Open(f, e.At)
	case shut:
		a.injector.Close(f, e.At)
		relink()
	case gathered:
		f.Gather(crowd{a.fleet, e.At})
	}
	return nil
}

// end ends the record at an instant of the run.
func (a *agent) end(at time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.begun {
		a.finish(at)
	}
}

// shownSince is what the players here saw of a fault since its window last changed.
func (a *agent) shownSince(f *chaos.Fault) inject.Counts {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.injector == nil {
		return inject.Counts{}
	}
	return a.injector.Since(f)
}

// finish ends the record; sessions that are still open are cut. a.mu must be held.
func (a *agent) finish(at time.Duration) {
	if a.part != nil {
		return
	}
	a.late.handOver(record.Forever)
	a.part = a.collector.Finish(at)
}

// finished is what was recorded, once the record has ended; nil = it has not.
func (a *agent) finished() *record.Part {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.part
}

// Told implements [crew.Worker]: what startup times are usual in the whole run.
func (a *agent) Told(data []byte) {
	if a.host != nil {
		return
	}
	var usual []time.Duration
	if err := json.Unmarshal(data, &usual); err != nil || len(usual) != len(a.ground.sc.Fleet.Audience.Cohorts) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.collector != nil {
		a.collector.SetUsual(usual)
	}
}

// Halt implements [crew.Worker].
func (a *agent) Halt(o protocol.Order) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.begun {
		return
	}
	if o.Mode == protocol.Now {
		a.halted = true
		a.fleet.Halt(o.Reason)
		return
	}
	a.ended = o.At
	a.leave()
}

// Tick implements [crew.Worker].
func (a *agent) Tick() (protocol.Report, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return protocol.Report{}, a.err
	}
	a.goroutines = max(a.goroutines, int64(runtime.NumGoroutine()))
	now := a.now()
	a.late.handOver(now)
	a.burst.pass(now)
	if a.host != nil {
		return protocol.Report{}, nil // its conductor reads the collector
	}
	a.vital.Look(now)
	s := report{Entries: a.entries}
	for i := range a.ground.faults {
		if f := &a.ground.faults[i]; f.Via == chaos.ViaViewer && a.injector.Knows(f) {
			n := a.injector.Since(f)
			s.Shown = append(s.Shown, shown{f.Rule, f.Occurrence, n.Touched, n.Passed})
		}
	}
	line, err := json.Marshal(&s)
	if err != nil {
		return protocol.Report{}, err
	}
	rows := append(line, '\n')
	rows = append(rows, a.pace.say(a.speaker, now, a.plan.Sums).Encode()...)
	stats := a.fleet.Stats()
	return protocol.Report{Rows: rows, Vitals: protocol.Vitals{Lag: a.collector.Lag(), CPU: cpuTime(), RSS: rssPeak(), Files: openFiles(), Dropped: stats.LocalErrors}}, nil
}

// stats are counts of the fleet so far.
func (a *agent) stats() fleet.Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.begun {
		return fleet.Stats{}
	}
	return a.fleet.Stats()
}

// Part implements [crew.Worker].
func (a *agent) Part(ctx context.Context) ([]byte, error) {
	if err := a.settle(); err != nil {
		return nil, err
	}
	select {
	case <-a.gone:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l := a.leavings()
	if a.host == nil {
		l.Trends = a.vital.Trends(a.finished().At, true) // may take moments, in which it must go on to tick
	}
	if a.host != nil {
		c := &a.host.crew
		c.mu.Lock()
		defer c.mu.Unlock()
		c.own = &delivered{leavings: l}
		return nil, nil // the conductor has the rest
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cfg.Ended != nil {
		a.cfg.Ended(a.part)
	}
	line, err := json.Marshal(&l)
	if err != nil {
		return nil, err
	}
	return append(append(line, '\n'), a.part.Encode()...), nil
}

// settle ends the record, then the sessions.
func (a *agent) settle() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.err != nil:
		return a.err
	case !a.begun:
		return errors.New("it has not begun")
	}
	if a.host == nil { // otherwise the conductor ends the record, once the faults are undone
		at := a.now()
		switch why, when := a.fleet.HaltReason(); {
		case why != "" || a.halted:
			at = when
		case a.ended > 0:
			at = min(at, a.ended)
		}
		a.finish(at)
	}
	a.leave()
	return nil
}

func (a *agent) leavings() leavings {
	a.mu.Lock()
	defer a.mu.Unlock()
	stats, spread := a.fleet.Stats(), a.fleet.Spread()
	l := leavings{Goroutines: a.goroutines, LocalErrors: stats.LocalErrors, LocalError: a.ground.hide.of(stats.LocalError), Withheld: stats.Withheld, Connections: spread.Connections, Addresses: spread.Addresses}
	if a.host == nil {
		l.CPU, l.RSS = cpuTime(), rssPeak()
		if s := a.ground.target.stream; s != nil {
			for _, w := range s.in.warnings() {
				l.Warnings = append(l.Warnings, a.ground.hide.of(w))
			}
		}
	}
	return l
}
