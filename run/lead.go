package run

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/inject"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/run/bus"
	"hlsload/run/crew"
	"hlsload/run/crew/protocol"
	"hlsload/scenarios"
	"hlsload/stage"
)

// crewing is what a run has of its agents.
type crewing struct {
	conductor *crew.Conductor
	agent     *agent // in this process; nil = there is none
	leave     func() // ends that agent
	ends      []bus.Bus
	running   sync.WaitGroup
	done      chan struct{} // closed when the conductor has ended, with result
	result    *protocol.Result
	broken    error // why the conductor ended

	listener *stage.Listener // nil = alone; place 0 is the collector of this process, the members follow
	speaker  *stage.Speaker
	pace     pace

	assembled chan struct{} // closed when T0 is known, and everything is ready for it or failed
	failed    error

	mu      sync.Mutex // also orders what the course says and what this process records
	alone   bool       // the only agent is in this process
	members []member
	entries int // of the course so far
	over    bool
	halt    *halted         // nil = nothing has ended the run
	halting chan struct{}   // closed then
	own     *delivered      // of the agent in this process; nil = not yet
	usual   []time.Duration // startup times of all sessions, by cohort, as of the last second
}

// member is an agent as the conductor knows it.
type member struct {
	protocol.Member
	players int64
	local   bool // in this process
	lost    bool
	unread  bool // something that it said could not be read
	said    report
	part    *delivered // nil = not yet
}

// delivered is all that an agent measured.
type delivered struct {
	leavings
	part *record.Part
}

// halted is why a run ends early, and when it did.
type halted struct {
	why  string
	at   time.Duration
	lost bool // too many players are lost with their agents
}

// noticeAlone is the least time from the decision to T0 when the only agent is in this process.
const noticeAlone = 20 * time.Millisecond

// startCrew starts the conductor, and the agent in this process.
func (r *live) startCrew() error {
	c := &r.crew
	c.done, c.assembled, c.halting = make(chan struct{}), make(chan struct{}), make(chan struct{})
	cfg := crew.ConductorConfig{ConductorConfig: protocol.ConductorConfig{Run: r.id, Build: r.cfg.Build, Agents: 1, Lost: r.sc.Limits.Lost, Alone: true, Whole: r.target.embedded != nil, Notice: noticeAlone}, Guard: r.guard}
	var own, local bus.Bus
	id := ""
	if k := r.cfg.Crew; k == nil {
		hub := &bus.Hub{}
		own, local = hub.Join(), hub.Join()
		c.ends, c.alone = []bus.Bus{own, local}, true
	} else {
		own, local, id = k.Bus, k.Local, k.LocalID
		cfg.Run, cfg.Agents, cfg.Alone, cfg.Notice, cfg.JoinWithin = k.Run, k.Agents, false, 0, k.Wait
		cfg.Blur = r.measure.TargetDuration / 4
		if local != nil {
			cfg.Agents++
		}
	}
	var err error
	if c.conductor, err = crew.NewConductor(own, &lead{r}, cfg); err != nil {
		return &Error{Usage, err.Error(), err}
	}
	led, over := context.WithCancel(context.Background())
	c.running.Go(func() {
		defer over() // for an agent that was not taken in
		defer close(c.done)
		defer r.guard()
		c.result, c.broken = c.conductor.Run(context.Background())
	})
	if local != nil {
		c.agent = &agent{host: r, progress: r.progress, guard: r.guard}
		name := "conductor"
		if c.alone {
			name = "local"
		}
		a, err := crew.NewAgent(local, c.agent, crew.AgentConfig{Run: cfg.Run, ID: id, Alone: c.alone, Info: info(name, "", r.cfg.Build), Guard: r.guard})
		if err != nil {
			return err // dismiss ends the conductor
		}
		c.agent.stop = a.Halt
		ctx, leave := context.WithCancel(led)
		c.leave = leave
		c.running.Go(func() {
			defer r.guard()
			<-c.conductor.Listening() // else it asks in vain, and again in half a second
			_ = a.Run(ctx)            // the conductor says what became of it
		})
	}
	return nil
}

// info is what an agent says about itself.
func info(name, region, build string) protocol.Info {
	host, _ := os.Hostname()
	return protocol.Info{Name: cmp.Or(name, host), Build: build, Region: region, Cores: runtime.NumCPU()}
}

// dismiss ends the agents of a run that is over, or never began, and waits for those of this process.
func (r *live) dismiss() {
	c := &r.crew
	if c.conductor == nil {
		return
	}
	c.conductor.Halt(protocol.Now, "the conductor ends", "")
	<-c.done
	if c.leave != nil {
		if c.result == nil || !c.result.Begun { // the agent may never have been taken in
			c.leave()
		} else {
			defer time.AfterFunc(crew.Grace, c.leave).Stop()
		}
	}
	c.running.Wait()
	if c.agent != nil {
		c.agent.close()
	}
	for _, b := range c.ends {
		b.Close()
	}
}

// begin waits until T0 is known and everything is ready for it.
func (r *live) begin(ctx context.Context) error {
	c := &r.crew
	select {
	case <-c.assembled:
		return c.failed
	case <-ctx.Done():
		c.conductor.Halt(protocol.Now, "interrupted before the run began", "")
	case <-r.cfg.Halt:
		c.conductor.Halt(protocol.Now, "halted before the run began", "")
	case <-c.done:
	}
	select {
	case <-c.assembled: // it was just about to begin
		if c.failed == nil && ctx.Err() == nil {
			return nil
		}
	case <-c.done:
	}
	<-c.done
	if ctx.Err() != nil {
		return &Error{Interrupted, "interrupted before the run began", ctx.Err()}
	}
	kind := Lost
	switch c.result.Exit.Cause {
	case protocol.Refused:
		kind = Invalid
	case protocol.Stopped:
		kind = Interrupted
	}
	if c.result.Exit.Cause == protocol.None {
		return &Error{kind, "the conductor cannot listen to its agents: " + r.sc.Redact(fmt.Sprint(c.broken)), c.broken}
	}
	return &Error{kind, r.sc.Redact(c.result.Exit.Text), &c.result.Exit}
}

// tell makes an entry of the course: what this process records, then what all agents hear.
// One lock orders both, so that all collectors number the phases alike.
func (r *live) tell(e *entry, record func() error) (entries int, err error) {
	c := &r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if record != nil {
		if err := record(); err != nil {
			return c.entries, err
		}
	}
	if c.agent != nil {
		if err := c.agent.apply(e); err != nil {
			return c.entries, err
		}
	}
	c.entries++
	_ = c.conductor.Course(e.encode()) // there is nobody to tell after a halt
	return c.entries, nil
}

// of is an entry about a fault.
func of(kind entryKind, f *chaos.Fault, at time.Duration) *entry {
	return &entry{Kind: kind, Rule: f.Rule, Occurrence: f.Occurrence, At: at}
}

// stop says that something ends the run. Only the first counts: it reports whether this is it.
func (c *crewing) stop(h halted) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.halt != nil || c.over {
		return false
	}
	c.halt = &h
	close(c.halting)
	return true
}

// end is what ended the run early; nil = nothing did.
func (c *crewing) end() *halted {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.halt
}

// lead is the conductor of a run. It is a [crew.Lead].
type lead struct{ r *live }

// Assign implements [crew.Lead].
func (l *lead) Assign(_ context.Context, members []protocol.Member) ([]protocol.Share, error) {
	r := l.r
	c := &r.crew
	var bundle []byte
	if k := r.cfg.Crew; k != nil && k.Agents > 0 {
		var err error
		if _, bundle, err = scenarios.Bundle(k.Source); err != nil {
			return nil, err
		}
	}
	all := r.sc.MostPlayers()
	var shares []protocol.Share
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = nil
	for i, m := range members {
		p := plan{Name: m.Info.Name, Run: r.id, Agents: len(members), Agent: i, Sums: r.cfg.Sums}
		one := member{Member: m, local: c.agent != nil && (c.alone || m.ID == r.cfg.Crew.LocalID)}
		if c.alone {
			p.Name = ""
		}
		if one.local {
			r.measure.Agent = p.Name
		} else {
			p.Scenario = bundle
			if e := r.target.embedded; e != nil {
				p.Channel = e.edges()
			}
		}
		data, err := p.encode()
		if err != nil {
			return nil, err
		}
		one.players = int64(p.share().players(all))
		c.members = append(c.members, one)
		shares = append(shares, protocol.Share{Plan: data, Hash: r.measure.Key(), Players: one.players, Slots: p.share().count()})
	}
	if !c.alone {
		r.progress.Mark(0, fmt.Sprintf("all %d agents have joined: %s", len(members), c.names()))
	}
	return shares, nil
}

// names are those of the agents. c.mu must be held.
func (c *crewing) names() string {
	var names []string
	for i := range c.members {
		names = append(names, c.members[i].Info.Name)
	}
	return listed(names)
}

// listed is a list of names, which may be long.
func listed(names []string) string {
	const shown = 12
	if more := len(names) - shown; more > 0 {
		names = append(slices.Clone(names[:shown]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// Start implements [crew.Lead].
func (l *lead) Start(t0 time.Time) {
	c := &l.r.crew
	defer close(c.assembled) // after a panic, too: others wait for it
	c.failed = errUnready
	c.failed = internal(l.r.assemble(t0))
}

// errUnready is the error of a run that broke off while it got ready.
var errUnready = &Error{Internal, "the run broke off before it began", nil}

// Rows implements [crew.Lead].
func (l *lead) Rows(i int, at time.Duration, rows []byte) {
	c := &l.r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if i < 0 || i >= len(c.members) || c.members[i].local {
		return
	}
	m := &c.members[i]
	var s report
	rest, err := split(rows, &s)
	if err == nil && (s.Entries < 0 || len(s.Shown) > len(l.r.faults)) {
		err = fmt.Errorf("%d entries, %d faults (want those of this run)", s.Entries, len(s.Shown))
	}
	if err == nil {
		err = c.listener.Hear(i+1, at, rest)
	}
	if err != nil {
		if !m.unread { // it is likely to be the same every second
			m.unread = true
			l.r.progress.Mark(at, fmt.Sprintf("warning: what agent %s says cannot be read: %v", m.Info.Name, err))
		}
		return
	}
	m.said = s
}

// Lost implements [crew.Lead].
func (l *lead) Lost(lost protocol.Lost) {
	c := &l.r.crew
	c.mu.Lock()
	name := ""
	if lost.Member >= 0 && lost.Member < len(c.members) {
		m := &c.members[lost.Member]
		m.lost, name = true, m.Info.Name
		if c.listener != nil && !m.local {
			c.listener.Lose(lost.Member + 1)
		}
	}
	c.mu.Unlock()
	if lost.Beyond && c.stop(halted{why: fmt.Sprintf("agent %s: %s", name, lost.Why), at: l.r.sinceT0(), lost: true}) {
		l.r.progress.Mark(l.r.sinceT0(), "more players are lost than may be (limits.lost): the faults are put back, then the run ends")
	}
}

// Halting implements [crew.Lead].
func (l *lead) Halting(o protocol.Order) {
	if o.Reason != "" {
		l.r.crew.stop(halted{why: o.Reason, at: l.r.sinceT0()})
	}
}

// sinceT0 is the run time; 0 before T0 is known.
func (r *live) sinceT0() time.Duration {
	select {
	case <-r.crew.assembled:
		return max(0, r.now())
	default:
		return 0
	}
}

// Part implements [crew.Lead].
func (l *lead) Part(i int, data []byte) {
	r := l.r
	c := &r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if i < 0 || i >= len(c.members) {
		return
	}
	m := &c.members[i]
	if m.local {
		m.part = c.own
		return
	}
	var a delivered
	left, rest, err := readLeavings(data)
	a.leavings = left
	if err == nil {
		a.part, err = r.results.collector.ReadPart(rest)
	}
	if err != nil {
		r.progress.Mark(r.now(), fmt.Sprintf("warning: the part of agent %s cannot be read: %v", m.Info.Name, err))
		return
	}
	m.part = &a
}

// Note implements [crew.Lead].
func (l *lead) Note(text string) { l.r.progress.Mark(l.r.sinceT0(), "warning: "+text) }

// said is what all machines say so far.
func (r *live) said(now time.Duration) *stage.Said {
	c, own := &r.crew, r.results.collector
	if c.alone {
		said := stage.Say(own, now)
		own.SetUsual(said.Startups.Usual(r.measure.TargetDuration))
		return said
	}
	c.listener.Take(0, now, c.pace.say(c.speaker, now, r.cfg.Sums))
	sum := c.listener.Sum()
	for _, w := range c.listener.Warnings() {
		r.progress.Mark(now, "warning: "+w)
	}
	usual := sum.Startups.Usual(r.measure.TargetDuration)
	own.SetUsual(usual)
	c.mu.Lock()
	c.usual = usual
	c.mu.Unlock()
	if b, err := json.Marshal(usual); err == nil {
		_ = c.conductor.Tell(b)
	}
	return sum
}

// usual are the usual startup times of all sessions of the run, by cohort. r.crew.mu must be held.
func (r *live) usual() []time.Duration {
	if u := r.crew.usual; u != nil {
		return u
	}
	return r.results.collector.Usual()
}

// shownSince is what all players saw of a fault since its window last changed, with entry n
// of the course; false while some agents may not have heard of that.
func (r *live) shownSince(f *chaos.Fault, n int) (sum inject.Counts, all bool) {
	c := &r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	all = true
	if c.agent != nil {
		sum = c.agent.shownSince(f)
	}
	for i := range c.members {
		m := &c.members[i]
		if m.local || m.lost {
			continue
		}
		if m.said.Entries < n {
			all = false
			continue
		}
		for _, s := range m.said.Shown {
			if s.Rule == f.Rule && s.Occurrence == f.Occurrence {
				sum.Touched, sum.Passed = sum.Touched+s.Touched, sum.Passed+s.Passed
			}
		}
	}
	return sum, all
}

// agents are the machines of the run, as they were last heard; nil = it has one.
func (r *live) agents() (all []stage.AgentNow) {
	c := &r.crew
	if c.alone {
		return nil
	}
	known := c.conductor.Offsets()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.members {
		m := &c.members[i]
		a := stage.AgentNow{Name: m.Info.Name, Players: m.players, Up: !m.lost}
		place := i + 1
		if m.local {
			place = 0
		}
		a.Lag, a.Lags = c.listener.Lags(place)
		if i < len(known) && !m.local {
			a.ClockOffset = known[i]
		}
		all = append(all, a)
	}
	return all
}

// gather ends the record of the whole run and joins all parts. It returns what became of
// the agents.
func (r *live) gather(end *measure.End) (part *record.Part) {
	c := &r.crew
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	all := []*delivered{cmp.Or(c.own, &delivered{})}
	if c.agent != nil {
		part = c.agent.finished()
	}
	if part == nil {
		part = r.results.collector.Finish(end.At)
	}
	for i := range c.members {
		if m := &c.members[i]; !m.local && m.part != nil {
			all = append(all, m.part)
		}
	}
	unread := map[string]string{} // agents whose part could not be merged, and why
	for i := range c.members {
		m := &c.members[i]
		switch {
		case m.local || m.lost:
		case m.part == nil:
			unread[m.Info.Name] = "its part could not be read"
		default:
			if err := part.Merge(m.part.part); err != nil {
				unread[m.Info.Name] = err.Error()
			}
		}
	}
	end.CPU, end.RSSPeak, end.Goroutines = cpuTime(), rssPeak(), r.results.goroutines
	for _, a := range all {
		end.CPU += a.CPU
		end.RSSPeak, end.Goroutines = max(end.RSSPeak, a.RSS), max(end.Goroutines, a.leavings.Goroutines)
	}
	if !c.alone {
		end.Agents = c.outcomes(unread)
		r.explain(end.Agents)
		end.Warnings = append(end.Warnings, c.result.Warnings...)
		end.Warnings = append(end.Warnings, haltLine(&c.result.Halt, c.halt != nil && c.halt.lost)...)
		if c.result.Exit.Cause == protocol.Blurred {
			end.Blurred = c.result.Exit.Text
		}
	}
	return part
}

// outcomes are what became of the agents.
func (c *crewing) outcomes(unread map[string]string) (all []measure.Agent) {
	for i := range c.result.Agents {
		a := &c.result.Agents[i]
		m := measure.Agent{Name: a.Info.Name, Players: a.Players, CPU: a.Vitals.CPU, RSSPeak: a.Vitals.RSS, ClockOffset: a.Clock.Ahead, ClockError: a.Clock.Error}
		if i < len(c.members) {
			if c.members[i].local {
				m.CPU, m.RSSPeak, m.ClockOffset, m.ClockError = cpuTime(), rssPeak(), 0, 0
			} else if p := c.members[i].part; p != nil {
				m.CPU, m.RSSPeak = p.CPU, p.RSS
			}
		}
		switch why, ok := unread[m.Name]; {
		case a.Lost != nil:
			m.Lost, m.LostAt = a.Lost.Why, a.Lost.At
		case ok:
			m.Lost, m.LostAt = why, a.Acked
		}
		all = append(all, m)
	}
	return all
}

// explain adds to why agents were lost what is known of how their processes ended.
func (r *live) explain(agents []measure.Agent) {
	if r.cfg.Crew.Ended == nil {
		return
	}
	for i := range agents {
		if a := &agents[i]; a.Lost != "" {
			if how := r.cfg.Crew.Ended(a.Name); how != "" {
				a.Lost += "; " + how
			}
		}
	}
}

// haltLine says how fast the agents obeyed a halt. Nothing has to be said of one that a loss
// made and that all others obeyed.
func haltLine(h *protocol.HaltResult, loss bool) (lines []string) {
	if h.Order == nil || h.Order.Mode != protocol.Now || h.Order.Reason == "" || loss && len(h.Unanswered) == 0 {
		return nil
	}
	line := fmt.Sprintf("halt (%s): ", h.Order.Reason)
	switch silent := len(h.Unanswered); {
	case h.Who == "":
		line += "no agent acknowledged it"
	case silent > 0:
		line += fmt.Sprintf("%d of %d agents acknowledged it, the last after %d ms (agent %s)", h.Asked-silent, h.Asked, h.Slowest.Milliseconds(), h.Who)
	default:
		line += fmt.Sprintf("all %d agents acknowledged it, the last after %d ms (agent %s)", h.Asked, h.Slowest.Milliseconds(), h.Who)
	}
	if len(h.Unanswered) > 0 {
		line += "; without an answer: " + listed(h.Unanswered)
	}
	return []string{line}
}

// left is what the agents know at the end beside what they measured, added up. Of their
// warnings those that are known already are left out, and what several say is said once.
func (r *live) left(known []string) (sum leavings) {
	var texts []string
	who := map[string][]string{} // says a text
	defer func() {
		for _, text := range texts {
			of := "agent "
			if len(who[text]) > 1 {
				of = "agents "
			}
			sum.Warnings = append(sum.Warnings, of+listed(who[text])+": "+text)
		}
	}()
	c := &r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.members {
		m := &c.members[i]
		a := m.part
		if m.local {
			a = c.own
		}
		if a == nil {
			continue
		}
		sum.LocalErrors += a.LocalErrors
		sum.LocalError = cmp.Or(sum.LocalError, a.LocalError)
		for host, n := range a.Withheld {
			if sum.Withheld == nil {
				sum.Withheld = map[string]int64{}
			}
			sum.Withheld[host] += n
		}
		sum.Connections, sum.Addresses = sum.Connections+a.Connections, sum.Addresses+a.Addresses
		for _, w := range a.Warnings {
			switch {
			case slices.Contains(known, w) || slices.Contains(who[w], m.Info.Name):
			case who[w] == nil:
				texts = append(texts, w)
				fallthrough
			default:
				who[w] = append(who[w], m.Info.Name)
			}
		}
	}
	return sum
}

// merged is a run over several machines while it goes on.
type merged struct{ r *live }

// Config implements [Watched].
func (w merged) Config() *record.Config { return w.r.results.collector.Config() }

// Agents implements [Watched].
func (w merged) Agents() []stage.AgentNow { return w.r.agents() }

// Sums implements [Watched].
func (w merged) Sums() *record.Sums {
	return w.r.crew.listener.Sums()
}
