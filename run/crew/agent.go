package crew

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/run/bus"
	"hlsload/run/crew/protocol"
)

// Worker is what an agent does. Calls come one at a time, in the order below, except Halt,
// which may come at any time, also while another call runs. After Halt with
// [protocol.Now], which is for ever, a worker makes no request.
type Worker interface {
	// Prepare gets ready for a plan and returns the hash of the plan as it understands it.
	Prepare(ctx context.Context, plan []byte) (hash string, err error)
	// Start begins the players, who come from T0 on. It must not wait for T0.
	Start(Begin)
	// Course takes the next entries of the course, each once, in order.
	Course(entries [][]byte)
	// Told takes what the conductor tells all agents. Each call replaces the one before.
	Told(data []byte)
	// Halt sends the players away. It must not wait for them, and may come again,
	// with [protocol.Now] after [protocol.Drain].
	Halt(protocol.Order)
	// Tick returns what was measured since the last call. It is called once a second.
	Tick() (protocol.Report, error)
	// Part waits until the players are gone and returns all that was measured.
	Part(ctx context.Context) ([]byte, error)
}

// Begin is the start of the run.
type Begin struct {
	At    time.Time     // T0, here
	Own   time.Duration // T0 on the agent's clock
	Wall  time.Time     // T0 on the conductor's wall clock
	Lease *Lease        // to be asked before each request
}

// AgentConfig says who an agent is.
type AgentConfig struct {
	Run  string // name of the run
	ID   string // in this run; "" = one is drawn
	Info protocol.Info
	Dir  string // where the part is kept; "" = it is not kept
	// Alone: it is the only agent, in the process of the conductor; see [protocol.ConductorConfig].
	Alone bool
	Now   func() time.Duration // its clock, which never goes back; nil = the system's
	Guard func()               // deferred around each call of the worker, to recover from a panic; nil = a panic ends the program
}

// Agent is one agent of one run.
type Agent struct {
	cfg    AgentConfig
	worker Worker
	loop   *loop
	lease  *Lease
	calls  *queue
	ctx    context.Context // of the worker's calls

	stopping sync.Mutex
	mode     protocol.Mode // of the last halt
	stopped  atomic.Bool   // nothing is begun any more

	kept    string
	keptErr error
}

// NewAgent returns an agent that joins the run when it is run.
func NewAgent(b bus.Bus, w Worker, cfg AgentConfig) (*Agent, error) {
	cfg.ID = cmp.Or(cfg.ID, nonce())
	for _, id := range []string{cfg.Run, cfg.ID} {
		if err := protocol.CheckID(id); err != nil {
			return nil, err
		}
	}
	l := newLoop(b, cfg.Run, cfg.Now)
	return &Agent{cfg: cfg, worker: w, loop: l, lease: &Lease{now: l.now, alone: cfg.Alone}}, nil
}

// Run joins the run, once, and takes part in it until its part has arrived. Its error is a
// [*protocol.Exit] if it left before that, or the error of ctx. When ctx ends the players
// are sent away at once, the conductor hears of it, and the part is kept.
func (a *Agent) Run(ctx context.Context) error {
	core := protocol.NewAgent(protocol.AgentConfig{Run: a.cfg.Run, ID: a.cfg.ID, Nonce: nonce(), Info: a.cfg.Info, Alone: a.cfg.Alone})
	cancel, err := a.loop.listen([]string{"beat", "start", "course", "halt", "a." + a.cfg.ID + ".>"}, nil)
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	a.calls = newQueue(a.cfg.Guard)
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	a.ctx = working
	watching, stopWatching := context.WithCancel(working)
	defer stopWatching()
	leased := false
	var exit error
	err = a.loop.serve(ctx, protocol.Wanted{Order: protocol.Order{Mode: protocol.Now, Reason: "interrupted"}}, func(now time.Duration, e protocol.Event) bool {
		for _, act := range core.Step(now, e) {
			switch act := act.(type) {
			case protocol.Renew:
				a.lease.renew(act.Until)
				if !leased {
					leased = true
					wait.Go(func() {
						a.lease.watch(watching, func() { a.stop(protocol.Order{Mode: protocol.Now, Reason: "the lease is over"}) })
					})
				}
			case protocol.Leave:
				exit = act.Err
				return true
			default:
				a.perform(act)
			}
		}
		return false
	})
	cancel()
	close(a.loop.quit)
	stopWatching()
	if err != nil {
		exit = err
		// What was begun must end, and the part is kept.
		defer time.AfterFunc(Grace, stopWorking).Stop()
	} else {
		stopWorking()
	}
	wait.Wait()
	a.lease.end()
	a.calls.close()
	stopWorking()
	return exit
}

// Grace is how long a worker may take to make its part after the context of its agent
// ended.
const Grace = 5 * time.Second

// Halt sends all players away and lets the conductor know why, which halts the whole run.
// [Agent.Run] goes on until the part has arrived.
func (a *Agent) Halt(reason string) {
	a.loop.post(protocol.Wanted{Order: protocol.Order{Mode: protocol.Now, Reason: reason}})
}

// Kept is the file that has the part, once Run has returned; "" = there is none.
func (a *Agent) Kept() (file string, err error) { return a.kept, a.keptErr }

func (a *Agent) perform(act protocol.Action) {
	switch act := act.(type) {
	case protocol.Send:
		a.loop.send(act)
	case protocol.Prepare:
		a.calls.put(func() {
			if a.stopped.Load() {
				return
			}
			hash, err := a.worker.Prepare(a.ctx, act.Plan)
			a.loop.post(protocol.Prepared{Hash: hash, Err: err})
		})
	case protocol.Begin:
		at := time.Now().Add(act.At - a.loop.now())
		a.begin(func() {
			a.worker.Start(Begin{At: at, Own: act.At, Wall: time.Unix(0, act.Unix), Lease: a.lease})
		})
	case protocol.Apply:
		a.begin(func() { a.worker.Course(act.Entries) })
	case protocol.Hear:
		a.begin(func() { a.worker.Told(act.Data) })
	case protocol.Measure:
		a.calls.put(func() {
			if a.stopped.Load() {
				return
			}
			report, err := a.worker.Tick()
			a.loop.post(protocol.Reported{Report: report, Err: err})
		})
	case protocol.Stop:
		a.stop(act.Order)
	case protocol.Collect:
		a.calls.put(func() {
			part, err := a.worker.Part(a.ctx)
			if err == nil && a.cfg.Dir != "" {
				a.kept, a.keptErr = keep(a.cfg.Dir, "part-"+a.cfg.Run+"-"+a.cfg.ID, part)
			}
			a.loop.post(protocol.Collected{Part: part, Err: err})
		})
	}
}

// begin makes a call that may lead to requests, unless a halt came before.
func (a *Agent) begin(f func()) {
	a.calls.put(func() {
		if !a.stopped.Load() && a.lease.Held() {
			f()
		}
	})
}

// stop sends the players away. The loop and the lease may both call it.
func (a *Agent) stop(o protocol.Order) {
	a.stopping.Lock()
	defer a.stopping.Unlock()
	if a.mode == protocol.Now || a.mode == o.Mode {
		return
	}
	a.mode = o.Mode
	a.stopped.Store(true)
	if o.Mode == protocol.Now {
		a.lease.end()
	}
	if a.cfg.Guard != nil {
		defer a.cfg.Guard()
	}
	a.worker.Halt(o)
}
