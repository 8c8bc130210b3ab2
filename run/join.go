package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"hlsload/run/crew"
	"hlsload/run/crew/protocol"
	"hlsload/scenarios/redact"
)

// Agent carries a share of a run until the conductor has its part. The error is a
// [*protocol.Exit] when it left before that, or an [*Error].
func Agent(ctx context.Context, cfg *AgentConfig) error {
	own := *cfg
	cfg = &own
	if cfg.Secrets == nil {
		cfg.Secrets = &redact.Secrets{}
	}
	if cfg.ID == "" {
		cfg.ID = NewID() + NewID()
	}
	if why, there := stopFileThere(cfg.StopFile); there {
		return &Error{Refused, why + " already (want it removed before a run)", nil}
	}
	if cfg.Dir != "" {
		if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
			return &Error{Usage, "creating the directory of the part: " + err.Error(), err}
		}
	}
	a := &agent{cfg: cfg, guard: func() {}, progress: redacted{cfg.Progress, cfg.Secrets.Text}}
	c, err := crew.NewAgent(cfg.Bus, a, crew.AgentConfig{Run: cfg.Run, ID: cfg.ID, Dir: cfg.Dir, Info: info(cfg.Name, cfg.Region, cfg.Build)})
	if err != nil {
		return &Error{Usage, err.Error(), err}
	}
	a.stop = c.Halt
	// An interrupt halts the whole run; the conductor still gets the part, if it is there.
	running, leave := context.WithCancel(context.WithoutCancel(ctx))
	watching, stop := context.WithCancel(running)
	var watched sync.WaitGroup
	watched.Go(func() { a.watchHalt(watching, ctx.Done(), leave) })
	err = c.Run(running)
	stop()
	watched.Wait()
	leave()
	a.close()
	file, failed := c.Kept()
	if failed != nil {
		a.progress.Mark(0, fmt.Sprintf("warning: %v", failed))
	}
	if file != "" && cfg.Kept != nil {
		cfg.Kept(file)
	}
	switch {
	case err == nil, errors.As(err, new(*protocol.Exit)):
		return err
	case errors.Is(err, context.Canceled):
		return &Error{Interrupted, "interrupted by the user", err}
	}
	return &Error{Lost, "the agent cannot listen to its conductor: " + cfg.Secrets.Text(err.Error()), err}
}

// deliverWithin is within what time after an interrupt an agent gets rid of its part.
const deliverWithin = 10 * time.Second

// watchHalt halts the whole run on an interrupt, a signal or a stop file here. After an
// interrupt leave is called when the part was not delivered in time, after a signal at once.
func (a *agent) watchHalt(ctx context.Context, interrupted <-chan struct{}, leave func()) {
	every := time.NewTicker(stopFileEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-interrupted:
			a.stop("interrupted by the user")
			interrupted = nil
			defer time.AfterFunc(deliverWithin, leave).Stop()
		case <-a.cfg.Halt:
			leave()
			return
		case <-every.C:
			if why, there := stopFileThere(a.cfg.StopFile); there {
				a.stop(why)
			}
		}
	}
}

// lookup is the value of a variable of the environment, which must not be shown.
func (cfg *AgentConfig) lookup(name string) (string, bool) {
	value, set := os.LookupEnv(name)
	if set {
		cfg.Secrets.Add(value, "${"+name+"}")
	}
	return value, set
}
