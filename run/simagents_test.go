package run

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/player/audience"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/run/bus"
	"hlsload/run/bus/natsbus"
	"hlsload/run/crew"
	"hlsload/run/crew/protocol"
	"hlsload/scenarios"
	"hlsload/scenarios/redact"
	"hlsload/sim"
	"hlsload/stage"
)

// simAgents are all agents of a run, in one process and without players' sockets: one
// simulation of the whole audience, in step with the clock, tells the collector of each agent
// what its players saw.
type simAgents struct {
	agents int
	whole  bool // one more collector is told all of it, as on one machine

	mu    sync.Mutex
	named map[int]*simAgent // by number in the plan
	begun sync.WaitGroup    // until all have begun
	over  chan struct{}     // closed when the simulation is over
	err   error             // of the simulation
	one   *record.Collector // that of all players; nil = not wanted, or not begun
	owner [audience.SlotCount]*simAgent
	began time.Time // T0

	// started is called at T0, leaving once the players are told to leave; nil = neither is.
	started, leaving func()
	leave            sync.Once
	sessions         int

	reached time.Duration // run time until which players were simulated; of the simulation only
}

func newSimAgents(agents int) *simAgents {
	s := &simAgents{agents: agents, named: map[int]*simAgent{}, over: make(chan struct{})}
	s.begun.Add(agents)
	return s
}

// simLag is by how much the simulation is behind the clock. Within it agents hear of what
// happens.
const simLag = heardWithin

// simAgent is one of the agents. It is a [crew.Worker]: what comes before the players, and
// the form of all that is said, is that of a real one.
type simAgent struct {
	*agent
	all *simAgents

	bus   *counting
	end   time.Duration // of the record; record.Forever = not known
	ended chan struct{} // closed when everything until end was told
	made  int           // reports
	sent  []byte        // its part
}

func (s *simAgents) join(b *counting) *simAgent {
	cfg := &AgentConfig{Secrets: &redact.Secrets{}}
	return &simAgent{agent: &agent{cfg: cfg, progress: redacted{nil, cfg.Secrets.Text}, guard: func() {}}, all: s, bus: b, ended: make(chan struct{}), end: record.Forever}
}

// Start implements [crew.Worker].
func (a *simAgent) Start(b crew.Begin) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.epoch, a.measure.Started = b.At, b.Wall
	if a.collector, a.err = record.New(a.measure); a.err != nil {
		return
	}
	a.speaker = stage.NewSpeaker(a.collector)
	a.bus.begin(b.At)
	s := a.all
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named[a.plan.Agent] = a
	if a.plan.Agent == 0 {
		s.began = b.At
		if s.whole {
			s.one, a.err = record.New(a.measure)
		}
		go s.play(a.ground.sc, b)
	}
	s.begun.Done()
}

// play simulates the players.
func (s *simAgents) play(sc *scenarios.Scenario, b crew.Begin) {
	defer close(s.over)
	s.begun.Wait()
	time.Sleep(time.Until(s.began))
	if s.started != nil {
		s.started()
	}
	first := s.named[0]
	for _, a := range s.named {
		slots := audience.Share(s.agents, a.plan.Agent)
		for i := range s.owner {
			if slots.Has(i) {
				s.owner[i] = a
			}
		}
	}
	cfg := first.measure
	cfg.Mode, cfg.Shards, cfg.Tap = reports.ModeSimulate, 1, s.tell(map[*record.Session]*simSession{})
	c, err := record.New(cfg)
	if err != nil {
		s.err = err
		return
	}
	target := cfg.TargetDuration
	_, s.err = sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: draw.Seed(sc.Seed), Epoch: b.Wall, Duration: sc.Duration, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles, HeadOnly: sc.Fleet.Body == "none", Faults: sc.Faults(),
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: target, Recovery: sc.Recovery, Linger: stage.Linger(sc.Recovery, target)},
		Collector: c,
	})
	s.pace(record.Forever)
}

// simSession is a session in the collector of its agent, and in the one of all players.
type simSession struct {
	of       *simAgent
	own, all *record.Session
}

// tell returns what passes on what a simulation tells its collector, when it is time.
func (s *simAgents) tell(sessions map[*record.Session]*simSession) func(record.Told) {
	return func(told record.Told) {
		if told.Session == nil {
			return
		}
		s.pace(told.At)
		if who := told.Joined; who != nil {
			x := &simSession{of: s.owner[audience.SlotOf(who.Player)]}
			if told.At <= x.of.until() {
				x.own = x.of.collector.Join(told.At, *who)
				if s.one != nil {
					x.all = s.one.Join(told.At, *who)
				}
			}
			sessions[told.Session] = x
			s.sessions++
			return
		}
		x, sm := sessions[told.Session], *told.Sample
		if x.own == nil || told.At > x.of.until() {
			return
		}
		// A simulation is never late, and knows no URLs.
		sm.Due -= min(sm.Due, time.Duration(draw.Hash(fmt.Sprint(sm.At))%uint64(3*time.Millisecond)))
		if m := told.Meta; m != nil {
			m.URL = draw.Hash(fmt.Sprint(sm.Kind, sm.Pipeline, sm.Rendition, sm.Sequence))
		}
		x.own.Add(&sm, told.Meta)
		if x.all != nil {
			x.all.Add(&sm, told.Meta)
		}
	}
}

// pace waits until what happens at a run time may be told, and lets those go on that waited
// for it.
func (s *simAgents) pace(at time.Duration) {
	const stride = 20 * time.Millisecond
	if at < s.reached {
		return
	}
	if at < record.Forever {
		time.Sleep(time.Until(s.began.Add(at + stride + simLag)))
		at += stride
	}
	for _, a := range s.named {
		if end := a.until(); at > end && s.reached <= end {
			close(a.ended)
		}
	}
	s.reached = at
}

// until is the end of an agent's record.
func (a *simAgent) until() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.end
}

// Course implements [crew.Worker].
func (a *simAgent) Course(entries [][]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range entries {
		e, err := readEntry(b)
		for _, c := range a.collectors() {
			switch {
			case err != nil:
			case e.Kind == applied:
				err = c.FaultApplied(e.Rule, e.Occurrence, e.At, e.Usual)
			case e.Kind == cleared:
				err = c.FaultCleared(e.Rule, e.Occurrence, e.At)
			}
		}
		a.err = cmp.Or(a.err, err)
		a.entries++
	}
}

// collectors are those that hear what this agent is told.
func (a *simAgent) collectors() []*record.Collector {
	if a.plan.Agent == 0 && a.all.one != nil {
		return []*record.Collector{a.collector, a.all.one}
	}
	return []*record.Collector{a.collector}
}

// Told implements [crew.Worker].
func (a *simAgent) Told(data []byte) {
	a.agent.Told(data)
	var usual []time.Duration
	if all := a.collectors(); len(all) > 1 && json.Unmarshal(data, &usual) == nil {
		all[1].SetUsual(usual)
	}
}

// Halt implements [crew.Worker].
func (a *simAgent) Halt(o protocol.Order) {
	a.bus.finish()
	a.mu.Lock()
	if a.end == record.Forever && o.At > 0 {
		a.end = o.At
	}
	a.mu.Unlock()
	if s := a.all; s.leaving != nil {
		s.leave.Do(s.leaving)
	}
}

// Tick implements [crew.Worker].
func (a *simAgent) Tick() (protocol.Report, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return protocol.Report{}, a.err
	}
	line, err := json.Marshal(&report{Entries: a.entries})
	if err != nil {
		return protocol.Report{}, err
	}
	a.made++
	rows := append(append(line, '\n'), a.pace.say(a.speaker, a.now(), a.plan.Sums).Encode()...)
	return protocol.Report{Rows: rows, Vitals: protocol.Vitals{Lag: a.collector.Lag(), CPU: cpuTime(), RSS: rssPeak(), Files: 64}}, nil
}

// Part implements [crew.Worker].
func (a *simAgent) Part(ctx context.Context) ([]byte, error) {
	a.mu.Lock()
	if a.end == record.Forever { // the halt came first
		a.end = a.now()
	}
	collector, end, err := a.collector, a.end, a.err
	a.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case <-a.ended:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	line, err := json.Marshal(&leavings{CPU: cpuTime() / time.Duration(a.all.agents), RSS: rssPeak(), Goroutines: 1})
	if err != nil {
		return nil, err
	}
	a.sent = append(append(line, '\n'), collector.Finish(end).Encode()...)
	return a.sent, nil
}

// counting is the bus of an agent, which counts what is said and acknowledged while the run
// goes on.
type counting struct {
	bus.Bus

	mu       sync.Mutex
	from, to time.Time // zero = not known
	ticks    int64
	bytes    int64 // of them
	largest  int   // of them
	acked    uint64
	last     time.Time // when reports were last acknowledged
	gap      time.Duration
}

func (b *counting) begin(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.from, b.last = at, at
}

func (b *counting) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); b.on(now) {
		b.gap = max(b.gap, now.Sub(b.last))
		b.to = now
	}
}

// on reports whether the run goes on. b.mu must be held.
func (b *counting) on(now time.Time) bool {
	return !b.from.IsZero() && now.After(b.from) && b.to.IsZero()
}

// Publish implements [bus.Bus].
func (b *counting) Publish(subject string, data []byte) error {
	if strings.HasSuffix(subject, ".tick") {
		b.mu.Lock()
		if b.on(time.Now()) {
			b.ticks, b.bytes, b.largest = b.ticks+1, b.bytes+int64(len(data)), max(b.largest, len(data))
		}
		b.mu.Unlock()
	}
	return b.Bus.Publish(subject, data)
}

// Subscribe implements [bus.Bus].
func (b *counting) Subscribe(pattern string, handle func(*bus.Message)) (bus.Subscription, error) {
	return b.Bus.Subscribe(pattern, func(m *bus.Message) {
		if strings.HasSuffix(m.Subject, ".ack") {
			b.acknowledged(m.Data)
		}
		handle(m)
	})
}

func (b *counting) acknowledged(data []byte) {
	line, _, _ := bytes.Cut(data, []byte{'\n'})
	var ack struct{ Rows uint64 }
	if json.Unmarshal(line, &ack) != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); ack.Rows > b.acked && b.on(now) {
		b.gap = max(b.gap, now.Sub(b.last))
		b.acked, b.last = ack.Rows, now
	}
}

// carry lets all agents take part in a run until it is over. join connects the next one. The
// error is that of the first that left early.
func (s *simAgents) carry(ctx context.Context, run, build string, join func() (b bus.Bus, id string, err error)) (all []*simAgent, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	exits := make([]error, s.agents)
	for i := range s.agents {
		b, id, err := join()
		if err != nil {
			cancel()
			exits[i] = err
			break
		}
		a := s.join(&counting{Bus: b})
		c, err := crew.NewAgent(a.bus, a, crew.AgentConfig{Run: run, ID: id, Info: info(fmt.Sprintf("sim-%03d", i), "", build)})
		if err != nil {
			b.Close()
			cancel()
			exits[i] = err
			break
		}
		all = append(all, a)
		running.Go(func() {
			defer b.Close()
			exits[i] = c.Run(ctx)
			a.Halt(protocol.Order{})
		})
	}
	running.Wait()
	n := 0
	for i, exit := range exits {
		if exit != nil {
			n++
			err = cmp.Or(err, fmt.Errorf("agent %d: %w", i, exit))
		}
	}
	if err != nil {
		err = fmt.Errorf("%d of %d agents left early; %w", n, s.agents, err)
	}
	return all, err
}

// merge reads and merges the parts that the agents sent, as the conductor does.
func merge(t testing.TB, all []*simAgent) (part *record.Part, reading, merging time.Duration, size int) {
	t.Helper()
	c, err := record.New(all[0].measure)
	if err != nil {
		t.Fatal(err)
	}
	var parts []*record.Part
	began := time.Now()
	for _, a := range all {
		size += len(a.sent)
		rest, err := split(a.sent, &leavings{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.ReadPart(rest)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	read := time.Now()
	for _, p := range parts[1:] {
		if err := parts[0].Merge(p); err != nil {
			t.Fatal(err)
		}
	}
	return parts[0], read.Sub(began), time.Since(read), size
}

// TestManyAgents: a run over many agents has all that they report, in time, and the summary of
// one machine that saw all of it. Only who wants sums meanwhile gets them.
func TestManyAgents(t *testing.T) {
	if testing.Short() {
		manyAgents(t, 10, 60, true)
		return
	}
	manyAgents(t, 20, 200, true)
	manyAgents(t, 3, 30, false)
}

func manyAgents(t *testing.T, agents, players int, sums bool) {
	synctest.Test(t, func(t *testing.T) {
		p := newParty(t, strings.Replace(kill, "players: 90", fmt.Sprint("players: ", players), 1))
		s := newSimAgents(agents)
		s.whole = true
		var all []*simAgent
		var left error
		var wait sync.WaitGroup
		wait.Go(func() {
			all, left = s.carry(t.Context(), "r", "", func() (bus.Bus, string, error) { return p.hub.Join(), "", nil })
		})
		centre := p.hub.Join()
		defer centre.Close()
		var got *record.Part
		var watched Watched
		var last *record.Sums
		sum, err := Do(t.Context(), &Config{Scenario: p.scenario(), Dir: t.TempDir(), Network: p.on, Sums: sums,
			Began: func(w Watched) { watched = w }, Ended: func(p *record.Part) { got, last = p, watched.Sums() },
			Crew: &Crew{Run: "r", Bus: centre, Agents: agents, Source: p.source, Wait: time.Minute}})
		wait.Wait()
		<-s.over
		if err != nil || left != nil || s.err != nil {
			t.Fatal(err, left, s.err)
		}
		if sum.ExitCode != reports.ExitPass || sum.Faults[0].FailedOver == 0 || sum.Players.Started != int64(players) || len(sum.Agents) != agents || sum.Key.Agents != agents {
			t.Errorf("%s", outcomes(sum))
		}
		if n := startedIn(last); sums && n != int64(players) || !sums && last != nil {
			t.Errorf("sums %v: %d sessions of %d", sums, n, players)
		}
		end := all[0].end
		for i, a := range all {
			if n := uint64(a.made); a.bus.acked > n || a.bus.acked+1 < n || n < 80 || a.bus.gap > 2*time.Second || a.end != end {
				t.Errorf("agent %d: %d reports, %d acknowledged before the end, %v without any, ended at %v", i, a.made, a.bus.acked, a.bus.gap, a.end)
			}
		}
		whole := s.one.Finish(end)
		for _, p := range []*record.Part{got, whole} {
			p.Testers = nil // they are those of the machines
		}
		merged := func(p *record.Part) string {
			sum := measure.Derive(p, measure.End{At: end}).Summary
			sum.Key = nil // it has the number of agents
			b, err := json.MarshalIndent(sum, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		if got, want := merged(got), merged(whole); got != want {
			g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
			i := 0
			for i < min(len(g), len(w))-1 && g[i] == w[i] {
				i++
			}
			t.Errorf("line %d is %s; want, as on one machine, %s", i+1, g[i], w[i])
		}
	})
}

// startedIn is how many sessions sums have; 0 = there are none.
func startedIn(s *record.Sums) (n int64) {
	if s != nil {
		for i := range s.Cohorts {
			n += s.Cohorts[i].Started
		}
	}
	return n
}

// TestBenchCrew plays the agents of a run whose conductor is another process, and says what
// that costs it: see scenarios/bench/crew.
func TestBenchCrew(t *testing.T) {
	text := os.Getenv("BENCH_CREW_JOIN")
	if text == "" {
		t.Skip("scenarios/bench/crew runs it")
	}
	agents, err := strconv.Atoi(os.Getenv("BENCH_CREW_AGENTS"))
	if err != nil {
		t.Fatal(err)
	}
	pid := os.Getenv("BENCH_CREW_CONDUCTOR")
	join, err := natsbus.ParseJoin(text)
	if err != nil {
		t.Fatal(err)
	}
	s := newSimAgents(agents)
	var used, own time.Duration
	s.started = func() { used, own = cpuOf(t, pid), cpuTime() }
	s.leaving = func() { used, own = cpuOf(t, pid)-used, cpuTime()-own }
	all, err := s.carry(t.Context(), join.Run, os.Getenv("BENCH_CREW_BUILD"), func() (bus.Bus, string, error) {
		b, err := natsbus.Dial(t.Context(), join, natsbus.Options{Name: "simulated agent"})
		if err != nil {
			return nil, "", err
		}
		return b, b.ID(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var sum counting
	made, length := 0, all[0].end
	worst := 0
	for i, a := range all {
		b := a.bus
		made, sum.acked, sum.ticks, sum.bytes, sum.largest = made+a.made, sum.acked+b.acked, sum.ticks+b.ticks, sum.bytes+b.bytes, max(sum.largest, b.largest)
		if b.gap > sum.gap {
			sum.gap, worst = b.gap, i
		}
	}
	complete := "complete"
	due := agents * int(length/(protocol.RowsEvery+protocol.Step)) // an agent looks at its clock once a step
	if sum.gap > 2*time.Second || made < due || sum.acked < uint64(made-agents) {
		complete = "NOT COMPLETE"
	}
	_, reading, merging, size := merge(t, all)
	seconds := length.Seconds()
	fmt.Printf("conductor: %.3f s of CPU a second of the run (%v of %d agents, %d sessions); the agents, in one process: %.3f\n", used.Seconds()/seconds, length.Round(time.Second), agents, s.sessions, own.Seconds()/seconds)
	fmt.Printf("reports: %s: at least %d due, %d made, %d acknowledged while the run went on; at most %v without one (agent %d)\n", complete, due, made, sum.acked, sum.gap.Round(time.Millisecond), worst)
	fmt.Printf("ticks: %d, %.0f a second, %.0f bytes each, %d at most, %.0f KB/s\n", sum.ticks, float64(sum.ticks)/seconds, float64(sum.bytes)/float64(sum.ticks), sum.largest, float64(sum.bytes)/seconds/1000)
	fmt.Printf("parts: %d of %.0f KB each; to read all %v, to merge them %v\n", len(all), float64(size)/float64(len(all))/1000, reading.Round(time.Millisecond), merging.Round(time.Millisecond))
}

// cpuOf is the CPU time of another process so far.
func cpuOf(t testing.TB, pid string) time.Duration {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		t.Error(err)
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	const user, system, tick = 11, 12, 10 * time.Millisecond // after the name; USER_HZ is 100 everywhere
	n := time.Duration(0)
	for _, i := range []int{user, system} {
		v, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil {
			t.Error(err)
		}
		n += time.Duration(v) * tick
	}
	return n
}
