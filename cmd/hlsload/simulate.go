package main

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/run"
	"hlsload/run/cores"
	"hlsload/scenarios"
	"hlsload/sim"
	"hlsload/stage"
)

func simulateCommand() *cobra.Command {
	var out output
	cmd := scenarioCommand("simulate", "Run a scenario in virtual time (embedded channel only); a seed always gives the same results", func(cmd *cobra.Command, sc *scenarios.Scenario, _ string) error {
		return simulate(cmd, sc, &out)
	})
	out.register(cmd)
	out.metrics.registerAll(cmd)
	return cmd
}

// simEpoch is the wall-clock time at the start of a simulation: date-times in
// playlists, and so the results, must not depend on the real time.
var simEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// inLanes is on how many cores a simulation runs, and in how many lanes, a power of two:
// more than cores, so that all of them have work until the end of each window. A small
// simulation has more to lose by waiting for one another than to gain.
func inLanes(sc *scenarios.Scenario) (size, lanes int) {
	const few, most, each = 2000, 16, 2
	size = min(runtime.GOMAXPROCS(0), most)
	if size == 1 || sc.Fleet.Audience.Arrivals() < few {
		return 1, 1
	}
	return size, 1 << bits.Len(uint(each*size-1))
}

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
	defer out.metrics.close()
	if err := out.metrics.open(cmd, sc, nil); err != nil {
		return err
	}
	started := time.Now()
	p, err := newProgress(out.shows(), cmd.ErrOrStderr(), sc.Duration)
	if err != nil {
		return err
	}
	switch p := p.(type) {
	case *lines:
		p.every = max(p.every, sc.Duration/10) // virtual time is faster
		p.left = &remaining{duration: sc.Duration, began: started}
	case *bars:
		p.left = &remaining{duration: sc.Duration, began: started}
	}
	if err := out.place(sc.Name, started); err != nil {
		return err
	}
	if err := os.MkdirAll(out.dir, 0o755); err != nil {
		return &exitError{exitUsage, fmt.Sprintf("creating the directory of the results: %v", err), err}
	}
	cfg := stage.Measure(sc, reports.ModeSimulate, faults, started)
	cfg.Build = build()
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
	size, lanes := inLanes(sc)
	team := cores.New(size)
	defer team.Close()
	cfg.Shards = lanes
	c, err := record.New(cfg)
	if err != nil {
		return internal(err)
	}
	if os.Getenv("GOGC") == "" {
		// Nearly all memory is in use as long as the players are. Garbage that waits
		// to be collected would cost more than frequent collections.
		defer debug.SetGCPercent(debug.SetGCPercent(5))
	}
	out.metrics.begin(run.Alone{Collector: c})
	each := stage.NewSecond(p, c, nil, events.Log, faults)
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: seedOf(sc), Epoch: simEpoch, Duration: sc.Duration, Audience: sc.Fleet.Audience,
		Profiles: sc.Fleet.Profiles, HeadOnly: sc.Fleet.Body == "none", Faults: faults,
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: model.TargetDuration(), Recovery: sc.Recovery, Linger: stage.Linger(sc.Recovery, model.TargetDuration())},
		Collector: c, Lanes: lanes, Each: team.Each,
		Second: func(now time.Duration) string {
			tripped := each.Pass(now)
			if cmd.Context().Err() != nil {
				return "interrupted by the user"
			}
			return tripped
		},
	})
	p.close()
	if err != nil {
		return internal(err)
	}
	part := c.Finish(res.End)
	out.metrics.end(part)
	s := measure.Derive(part, measure.End{At: res.End, Interrupted: res.Aborted, Faults: res.Outcomes}).Summary
	s.Ended = time.Now().UTC().Format(time.RFC3339)
	s.Warnings = append(s.Warnings, events.Rest()...)
	stage.Hide(s, sc.Secrets())
	err = out.conclude(cmd, s, s.ExitCode, errors.Join(events.Close(), out.metrics.finish(s)))
	out.metrics.wait(cmd)
	return err
}
