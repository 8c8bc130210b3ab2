package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/nights/archive"
	"hlsload/run"
	"hlsload/scenarios"
)

// ofNewRuns are flags that say what a new run is like.
var ofNewRuns = []string{"players", "duration", "seed", "url", "set", "out", "history", "events", "agents", "processes", "edge-log"}

// openResumable reads the run in a directory, to go on with it. A scenario may be named: it
// must be that of the run.
func openResumable(cmd *cobra.Command, dir string, args []string, cfg *run.Config, out *output) error {
	for _, name := range ofNewRuns {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			return misused("--resume goes on with a run as it was begun (got --%s; want --resume DIR without it)", name)
		}
	}
	if err := scenarios.CheckEnv(os.Environ()); err != nil {
		return forbidden(err)
	}
	secrets := secretsOf(cmd.Context())
	secrets.Keep(dir)
	p, err := run.OpenResumable(dir, build(), os.LookupEnv)
	switch {
	case errors.As(err, new(*run.Error)):
		return err
	case err != nil:
		return invalid(err)
	}
	p.Scenario.Secrets().AddEnv(os.Environ())
	secrets.AddAll(p.Scenario.Secrets())
	secrets.Keep(p.Source.File)
	if len(args) > 0 {
		src, err := scenarios.Open(args[0])
		if err != nil {
			return forbidden(err)
		}
		if !bytes.Equal(src.Data, p.Source.Data) {
			return forbidden(fmt.Errorf("resume %s: %s is not the scenario that the run was begun with (want the unchanged file, or none)", dir, strings.TrimSpace(args[0])))
		}
	}
	cfg.Resume, cfg.Scenario, cfg.Source = p, p.Scenario, p.Source
	out.dir, out.events = dir, p.Events
	out.history.dir, _ = archive.Of(dir)
	return nil
}
