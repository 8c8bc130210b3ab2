package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"hlsload/reports/page"
	"hlsload/run"
	"hlsload/run/look"
)

// network is what a command meets the world on; the zero value is the system's.
type network struct {
	listen func(ctx context.Context, addr string) (net.Listener, error)
	web    look.Network
	halt   <-chan struct{}   // closed: all players leave at once
	aws    http.RoundTripper // what AWS is reached by
	exit   func(code int)    // ends the program after a panic
}

func runCommand(on network) *cobra.Command {
	var o overrides
	var out output
	var may consent
	var cfg run.Config
	cmd := &cobra.Command{
		Use:               "run SCENARIO",
		Short:             "Run a scenario in real time; SCENARIO is a file or the name of one that ships",
		Args:              takes("SCENARIO"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if cfg.Scenario, err = load(args[0], &o); err != nil {
				return err
			}
			if err := may.check(cfg.Scenario, args[0]); err != nil {
				return err
			}
			return perform(cmd, &cfg, &out, on)
		},
	}
	o.register(cmd)
	out.register(cmd)
	may.register(cmd)
	cmd.Flags().StringVar(&cfg.StopFile, "stop-file", "", "when this file appears, all players leave at once and the faults are undone (limits.stop_file)")
	cmd.Flags().StringVar(&cfg.EdgeLog, "edge-log", "", "file to which the embedded channel's edges write their access log, as CloudFront does")
	return cmd
}

// perform runs in real time, and tells the verdict.
func perform(cmd *cobra.Command, cfg *run.Config, out *output, on network) error {
	p, err := newProgress(out.progress, cmd.ErrOrStderr(), cfg.Scenario.Duration)
	if err != nil {
		return err
	}
	defer p.close()
	out.place(cfg.Scenario.Name, time.Now())
	cfg.Dir, cfg.Events, cfg.Progress, cfg.Notices = out.dir, out.events, p, printable{cmd.ErrOrStderr()}
	cfg.Version, cfg.Secrets, cfg.Halt = ownVersion(), secretsOf(cmd.Context()), on.halt
	cfg.Network = run.Network{Listen: on.listen, Target: on.web, AWS: on.aws}
	cfg.Exit = func() {
		exit := os.Exit
		if on.exit != nil {
			exit = on.exit
		}
		exit(exitInternal)
	}
	s, err := run.Do(cmd.Context(), cfg)
	if s == nil {
		return err
	}
	p.close()
	return conclude(cmd, s, out.dir, s.ExitCode, errors.Join(err, page.Write(out.dir, s)))
}
