package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/reports/page"
	"hlsload/run"
	"hlsload/run/live"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/system"
)

// network connects a command to the world; the zero value is the system's network.
type network struct {
	listen func(ctx context.Context, addr string) (net.Listener, error)
	web    look.Network
	halt   <-chan struct{}   // closed: all players leave at once
	aws    http.RoundTripper // carries requests to AWS; nil = the system's
	exit   func(code int)    // ends the program after a panic
}

func runCommand(on network) *cobra.Command {
	var out output
	var may consent
	var cfg run.Config
	cmd := sourceCommand("run", "Run a scenario in real time; SCENARIO is a file or the name of a shipped scenario", func(cmd *cobra.Command, sc *scenarios.Scenario, src scenarios.Source, nameOrFile string) error {
		if err := runsHere(sc); err != nil {
			return err
		}
		if err := out.machines.check(cmd, &out, sc); err != nil {
			return err
		}
		if err := may.check(sc, nameOrFile); err != nil {
			return err
		}
		cfg.Scenario, cfg.Source, out.machines.source = sc, src, src
		return perform(cmd, &cfg, &out, on)
	})
	var dir string
	begin, one := cmd.RunE, cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if dir != "" && len(args) == 0 {
			return nil
		}
		return one(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("resume") {
			return begin(cmd, args)
		}
		if err := openResumable(cmd, dir, args, &cfg, &out); err != nil {
			return err
		}
		if err := may.check(cfg.Scenario, cfg.Source.File); err != nil {
			return err
		}
		return perform(cmd, &cfg, &out, on)
	}
	out.register(cmd)
	out.metrics.register(cmd)
	out.machines.register(cmd)
	may.register(cmd)
	out.retry.register(cmd)
	cmd.RunE = out.ending(cmd.RunE)
	cmd.Flags().StringVar(&cfg.StopFile, "stop-file", "", "when this `FILE` appears, all players leave at once and the faults are undone (limits.stop_file)")
	cmd.Flags().StringVar(&out.live, "live", "", "serve the report at `ADDR` while the run goes on: a port of this machine alone, or address:port for others, too")
	cmd.Flags().StringVar(&dir, "resume", "", "go on with the run whose results are in the directory `DIR`, and whose machine was lost: what it left behind is undone first")
	cmd.Flags().StringVar(&cfg.EdgeLog, "edge-log", "", "`FILE` to which the embedded channel's edges write their access log, as CloudFront does")
	return cmd
}

// perform runs in real time and prints the verdict.
func perform(cmd *cobra.Command, cfg *run.Config, out *output, on network) error {
	watch, err := out.watch(cmd, cfg, on)
	if err != nil {
		return err
	}
	if watch != nil {
		defer watch.Close()
	}
	defer out.metrics.close()
	if err := out.metrics.open(cmd, cfg.Scenario, on.listen); err != nil {
		return err
	}
	p, err := newProgress(out.shows(), cmd.ErrOrStderr(), cfg.Scenario.Duration)
	if err != nil {
		return err
	}
	defer p.close()
	if cfg.Resume == nil {
		if err := out.place(cfg.Scenario.Name, time.Now()); err != nil {
			return err
		}
	}
	defer out.history.tidy(out.dir)
	cfg.Checkpoint = func(s *reports.Summary) error { return page.WriteCheckpoint(out.dir, s) }
	cfg.Dir, cfg.Events, cfg.Progress, cfg.Notices = out.dir, out.events, p, printable{cmd.ErrOrStderr()}
	cfg.Version, cfg.Build, cfg.Secrets, cfg.Halt = ownVersion(), build(), secretsOf(cmd.Context()), on.halt
	cfg.Began, cfg.Ended = func(w run.Watched) { out.machines.begun(); out.metrics.begin(w) }, out.metrics.end
	cfg.Sums = out.metrics.watched()
	cfg.Network = run.Network{Listen: on.listen, Target: on.web, AWS: on.aws}
	cfg.Exit = func() {
		exit := os.Exit
		if on.exit != nil {
			exit = on.exit
		}
		exit(exitInternal)
	}
	if len(system.Limits("")) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "hlsload: note: runs on %s are not tested (hlsload version lists what is missing there)\n", runtime.GOOS)
	}
	ctx, err := out.machines.open(cmd, cfg, p, out.dir)
	if err != nil {
		return out.machines.over(false, err)
	}
	s, err := run.Do(ctx, cfg)
	if err = out.machines.over(s != nil, err); s == nil {
		out.machines.tidy(out.dir, nil)
		if cfg.Resume != nil { // it can be tried again
			return err
		}
		return out.unbegun(cmd, cfg.Scenario, err)
	}
	if watch != nil {
		watch.Finish(s)
	}
	err = errors.Join(err, out.metrics.finish(s))
	p.close()
	err = out.conclude(cmd, s, s.ExitCode, err)
	out.machines.tidy(out.dir, s)
	out.metrics.wait(cmd)
	return err
}

// watch serves the report while the run goes on, if a flag asks for it; nil = it does not.
func (o *output) watch(cmd *cobra.Command, cfg *run.Config, on network) (*live.Page, error) {
	if o.live == "" {
		return nil, nil
	}
	p, err := live.Start(cmd.Context(), live.Config{Addr: o.live, Listen: on.listen, Length: cfg.Scenario.Duration})
	if err != nil {
		return nil, forbidden(err)
	}
	cfg.Live = p
	fmt.Fprintf(cmd.ErrOrStderr(), "report while the run goes on: %s\n", p.URL())
	if p.Open() {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: all who reach %s can read it\n", o.live)
	}
	return p, nil
}
