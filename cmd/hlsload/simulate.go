package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/page"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/run"
	"hlsload/scenarios"
	"hlsload/sim"
	"hlsload/stage"
)

func simulateCommand() *cobra.Command {
	var o overrides
	var out output
	cmd := &cobra.Command{
		Use:               "simulate SCENARIO",
		Short:             "Run a scenario in virtual time (embedded channel only), deterministic for a seed",
		Args:              takes("SCENARIO"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := load(args[0], &o)
			if err != nil {
				return err
			}
			return simulate(cmd, sc, &out)
		},
	}
	o.register(cmd)
	out.register(cmd)
	return cmd
}

// simEpoch is the wall-clock instant of a simulation's start: date-times in
// playlists, and so results, must not depend on when it was run.
var simEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func simulate(cmd *cobra.Command, sc *scenarios.Scenario, out *output) error {
	if sc.Target.Rig == nil {
		return &exitError{code: exitInvalid, msg: "only the embedded channel can be simulated (got target.url; want target.rig)"}
	}
	faults := sc.Faults()
	for i := range faults {
		if faults[i].Via == chaos.ViaCommand {
			return &exitError{code: exitInvalid, msg: fmt.Sprintf("fault %s: programs cannot be run in virtual time (got via command; want via rig or viewer)", faults[i].Name)}
		}
	}
	started := time.Now()
	p, err := newProgress(out.progress, cmd.ErrOrStderr(), sc.Duration)
	if err != nil {
		return err
	}
	if l, ok := p.(*lines); ok {
		l.every = max(l.every, sc.Duration/10) // virtual time flies
	}
	out.place(sc.Name, started)
	if err := os.MkdirAll(out.dir, 0o755); err != nil {
		return &exitError{exitUsage, fmt.Sprintf("creating the directory of the results: %v", err), err}
	}
	cfg := stage.Measure(sc, reports.ModeSimulate, faults, started)
	model, err := rig.New(*sc.Target.Rig, seedOf(sc), simEpoch)
	if err != nil {
		return &exitError{exitInvalid, err.Error(), err}
	}
	if err := stage.Channel(&cfg, model, sc); err != nil {
		return internal(err)
	}
	events, err := run.CreateEvents(out.dir, out.events)
	if err != nil {
		return &exitError{exitUsage, err.Error(), err}
	}
	cfg.Events = events.Log
	c, err := record.New(cfg)
	if err != nil {
		return internal(err)
	}
	if os.Getenv("GOGC") == "" {
		// Nearly all memory lives as long as the players do: little is to be
		// collected, and what waits for it would cost more than looking often.
		defer debug.SetGCPercent(debug.SetGCPercent(5))
	}
	each := stage.NewSecond(p, c, nil, events.Log, faults)
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: seedOf(sc), Epoch: simEpoch, Duration: sc.Duration, Audience: sc.Fleet.Audience,
		Profiles: sc.Fleet.Profiles, HeadOnly: sc.Fleet.Body == "none", Faults: faults,
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: model.TargetDuration(), Recovery: sc.Recovery, Linger: stage.Linger(sc.Recovery, model.TargetDuration())},
		Collector: c,
		Second: func(now time.Duration) string {
			tripped, err := each.Pass(now)
			switch {
			case err != nil:
				return err.Error()
			case cmd.Context().Err() != nil:
				return "interrupted by the user"
			}
			return tripped
		},
	})
	p.close()
	if err != nil {
		return internal(err)
	}
	s := measure.Finish(c, measure.End{At: res.End, Interrupted: res.Aborted, Faults: stage.FaultEnds(res.Outcomes)}).Summary
	stage.Hide(s, sc.Secrets())
	return conclude(cmd, s, out.dir, s.ExitCode, errors.Join(events.Close(), page.Write(out.dir, s)))
}
