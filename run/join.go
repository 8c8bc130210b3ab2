package run

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		a.watchHalt(watching)
	}()
	err = c.Run(ctx)
	stop()
	<-watched
	a.close()
	file, failed := c.Kept()
	if failed != nil {
		a.progress.Mark(0, fmt.Sprintf("warning: %v", failed))
	}
	if file != "" && cfg.Kept != nil {
		cfg.Kept(file)
	}
	if exit := (*protocol.Exit)(nil); err != nil && !errors.As(err, &exit) {
		err = &Error{Interrupted, "interrupted by the user", err}
	}
	return err
}

// watchHalt halts the whole run on a signal or a stop file here.
func (a *agent) watchHalt(ctx context.Context) {
	every := time.NewTicker(stopFileEvery)
	defer every.Stop()
	signalled := a.cfg.Halt
	for {
		select {
		case <-ctx.Done():
			return
		case <-signalled:
			a.stop("halted by the user")
			signalled = nil
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
