package run

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/reports/record"
	"hlsload/run/bus"
	"hlsload/run/crew"
	"hlsload/run/crew/protocol"
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
	if k := r.cfg.Crew; k != nil && k.Died != nil {
		c.running.Go(func() {
			for {
				select {
				case d := <-k.Died:
					c.conductor.Died(d.Agent, d.How)
				case <-c.done:
					return
				}
			}
		})
	}
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
	case protocol.NoTarget:
		kind = Unreachable
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
	_ = c.conductor.Course(e.encode()) // after a halt no agent is told
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
