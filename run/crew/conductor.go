package crew

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"hlsload/run/bus"
	"hlsload/run/crew/protocol"
)

// Lead leads a run. Calls come one at a time, in the order in which things happened. While
// one takes long, rows wait at the agents.
type Lead interface {
	// Assign shares out the run when all agents have joined. Each gets what stands at its place.
	Assign(ctx context.Context, members []protocol.Member) ([]protocol.Share, error)
	// Start says that players come from T0 on, which is a short time ahead.
	Start(t0 time.Time)
	// Rows takes what an agent reported, each report once, in order.
	Rows(member int, at time.Duration, rows []byte)
	// Lost says that an agent is lost. If that is beyond what may be lost, faults have to be
	// undone, and the run has to be halted. Before Start it is halted already.
	Lost(protocol.Lost)
	// Halting says that all agents are told to halt, by whomever.
	Halting(protocol.Order)
	// Part takes all that an agent measured.
	Part(member int, part []byte)
	// Note is a line for people.
	Note(text string)
}

// ConductorConfig says what run a conductor leads. Nonce and Draw are drawn at random when
// they are not set.
type ConductorConfig struct {
	protocol.ConductorConfig
	Now   func() time.Duration // its clock, which never goes back; nil = the system's
	Guard func()               // deferred around each call of the lead, to recover from a panic; nil = a panic ends the program
}

// maxBehind is how many calls may wait for a [Lead] before rows are not taken.
const maxBehind = 4096

// Conductor is the conductor of one run. Its methods may be called from any goroutine.
type Conductor struct {
	cfg   ConductorConfig
	lead  Lead
	loop  *loop
	core  *protocol.Conductor
	calls *queue
	ctx   context.Context // of the lead's calls

	offsets   atomic.Pointer[[]time.Duration]
	listening chan struct{}
}

// Listening is closed once agents can join, or never can.
func (c *Conductor) Listening() <-chan struct{} { return c.listening }

// NewConductor returns a conductor that takes agents in when it is run.
func NewConductor(b bus.Bus, lead Lead, cfg ConductorConfig) (*Conductor, error) {
	cfg.Nonce = cmp.Or(cfg.Nonce, nonce())
	if cfg.Draw == nil {
		cfg.Draw = draw
	}
	l := newLoop(b, cfg.Run, cfg.Now)
	core, err := protocol.NewConductor(cfg.ConductorConfig, time.Now().Add(-l.now()))
	if err != nil {
		return nil, err
	}
	return &Conductor{cfg: cfg, lead: lead, loop: l, core: core, listening: make(chan struct{})}, nil
}

// Run leads the run, once, until all parts have arrived, or cannot. The result is there in any case;
// the error is that of the bus, or of ctx. When ctx ends, agents are told to halt, once, and
// nothing is waited for.
func (c *Conductor) Run(ctx context.Context) (*protocol.Result, error) {
	var stop context.CancelFunc
	c.ctx, stop = context.WithCancel(ctx)
	c.calls = newQueue(c.cfg.Guard) // messages may arrive before listen returns
	defer c.calls.close()
	defer stop()
	cancel, err := c.loop.listen([]string{">"}, func(m *bus.Message, e *protocol.Arrived) {
		e.Busy = c.calls.len() > maxBehind
		if e.Kind == "halt" && m.Wanted() {
			_ = m.Reply([]byte("taken")) // the sender asks again
		}
	})
	close(c.listening)
	if err != nil {
		close(c.loop.quit)
		return c.core.Result(), err
	}
	err = c.loop.serve(ctx, protocol.Wanted{Order: protocol.Order{Mode: protocol.Now, Reason: "interrupted"}}, func(now time.Duration, e protocol.Event) bool {
		acts := c.core.Step(now, e)
		if _, woken := e.(protocol.Wake); woken && !c.cfg.Alone {
			offsets := c.core.Offsets()
			c.offsets.Store(&offsets)
		}
		for _, act := range acts {
			if _, over := act.(protocol.Finished); over {
				return true
			}
			c.perform(act)
		}
		return false
	})
	cancel()
	close(c.loop.quit)
	return c.core.Result(), err
}

// Course adds an entry to the course. All agents get all entries, in order. Only its size may be
// wrong; agents get no entry after a halt.
func (c *Conductor) Course(entry []byte) error {
	if len(entry) > protocol.MaxEntry {
		return fmt.Errorf("entry of the course of %d bytes (want at most %d)", len(entry), protocol.MaxEntry)
	}
	if !c.loop.post(protocol.Entry{Data: append([]byte(nil), entry...)}) {
		return errOver
	}
	return nil
}

// Tell tells all agents something, in place of what they were told before. It reaches them
// with the next beat.
func (c *Conductor) Tell(data []byte) error {
	if len(data) > protocol.MaxTold {
		return fmt.Errorf("tell all agents %d bytes (want at most %d)", len(data), protocol.MaxTold)
	}
	if !c.loop.post(protocol.Tell{Data: append([]byte(nil), data...)}) {
		return errOver
	}
	return nil
}

var errOver = errors.New("the run is over")

// Died says that the process of the agent with this name ended, and how: it need not be waited
// for.
func (c *Conductor) Died(name, how string) { c.loop.post(protocol.Died{Name: name, How: how}) }

// Offsets are by how much the conductor's clock is ahead of each agent's, as known now.
func (c *Conductor) Offsets() []time.Duration {
	if o := c.offsets.Load(); o != nil {
		return *o
	}
	return nil
}

// Drain tells all agents that the run ended at a run time, and to send their players away.
// reason is "" at the end of the timeline.
func (c *Conductor) Drain(at time.Duration, reason string) {
	c.loop.post(protocol.Wanted{Order: protocol.Order{Mode: protocol.Drain, Reason: reason, At: at}})
}

// Halt tells all agents to halt. reason is "" at the end of the timeline.
func (c *Conductor) Halt(mode protocol.Mode, reason, by string) {
	c.loop.post(protocol.Wanted{Order: protocol.Order{Mode: mode, Reason: reason, By: by}})
}

func (c *Conductor) perform(act protocol.Action) {
	switch act := act.(type) {
	case protocol.Send:
		c.loop.send(act)
	case protocol.Assign:
		c.calls.put(func() {
			shares, err := c.lead.Assign(c.ctx, act.Members)
			c.loop.post(protocol.Assigned{Shares: shares, Err: err})
		})
	case protocol.Started:
		at := time.Now().Add(act.T0 - c.loop.now())
		at = at.Add(time.Unix(0, act.Unix).Sub(at.Round(0))) // microseconds, because the two clocks were read one after the other
		c.calls.put(func() { c.lead.Start(at) })
	case protocol.Rows:
		c.calls.put(func() { c.lead.Rows(act.Member, act.At, act.Data) })
	case protocol.Lost:
		c.calls.put(func() { c.lead.Lost(act) })
	case protocol.Halting:
		c.calls.put(func() { c.lead.Halting(act.Order) })
	case protocol.Arrival:
		c.calls.put(func() { c.lead.Part(act.Member, act.Part) })
	case protocol.Note:
		c.calls.put(func() { c.lead.Note(act.Text) })
	}
}

// Stop halts a run from outside. It asks again until the conductor answers or ctx ends.
// Agents that hear it halt at once.
func Stop(ctx context.Context, b bus.Bus, run string, o protocol.Order) error {
	subject, data, err := protocol.HaltMessage(run, o)
	if err != nil {
		return err
	}
	for {
		trying, cancel := context.WithTimeout(ctx, protocol.RepeatEvery)
		_, err := b.Request(trying, subject, data)
		if err == nil || errors.Is(err, bus.ErrClosed) {
			cancel()
			return err
		}
		<-trying.Done()
		cancel()
		if ctx.Err() != nil {
			return fmt.Errorf("halt run %s: no conductor answered: %w", run, err)
		}
	}
}
