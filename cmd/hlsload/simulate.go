package main

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"runtime/debug"
	sampled "runtime/metrics"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/run"
	"hlsload/run/cores"
	"hlsload/run/pages"
	"hlsload/scenarios"
	"hlsload/sim"
	"hlsload/stage"
)

func simulateCommand() *cobra.Command {
	var out output
	var list string
	cmd := scenarioCommand("simulate", "Run a scenario in virtual time (embedded channel only); a seed always gives the same results", func(cmd *cobra.Command, sc *scenarios.Scenario, _ string) error {
		if !cmd.Flags().Changed("seeds") {
			return simulate(cmd, sc, &out)
		}
		seeds, err := parseSeeds(list)
		if err != nil {
			return err
		}
		return simulateSeeds(cmd, sc, &out, seeds)
	})
	out.register(cmd)
	out.metrics.registerAll(cmd)
	cmd.RunE = out.ending(cmd.RunE)
	cmd.Flags().StringVar(&list, "seeds", "", "simulate with each of the seeds in `LIST`, such as 1..5 or 1,2,7, and print the spread of every figure")
	for _, other := range []string{"seed", "prom", "otlp", "label"} {
		cmd.MarkFlagsMutuallyExclusive("seeds", other)
	}
	return cmd
}

// simEpoch is the wall-clock time at the start of a simulation: date-times in
// playlists, and so the results, must not depend on the real time.
var simEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// large is from how many players on they do not fit into the processor's caches.
const large = 50_000

// inLanes is on how many cores a simulation runs, and in how many lanes, a power of two:
// more than cores, so that all of them have work until the end of each window. A small
// simulation has more to lose by waiting for one another than to gain.
func inLanes(sc *scenarios.Scenario) (size, lanes int) {
	const few, most = 2000, 16
	size = min(runtime.GOMAXPROCS(0), most)
	n, each := sc.Fleet.Audience.Arrivals(), 2
	if size == 1 || n < few {
		return 1, 1
	}
	if n >= large {
		each = 4 // a window has enough to do for each of them
	}
	return size, 1 << bits.Len(uint(each*size-1))
}

// simulable returns the error of a scenario that cannot be simulated.
func simulable(sc *scenarios.Scenario) error {
	if sc.Target.Rig == nil {
		return &exitError{code: exitInvalid, msg: "only the embedded channel can be simulated (got target.url; want target.rig)"}
	}
	for _, f := range sc.Faults() {
		if f.Via == chaos.ViaCommand {
			return &exitError{code: exitInvalid, msg: fmt.Sprintf("fault %s: programs cannot be run in virtual time (got via command; want via rig or viewer)", f.Name)}
		}
	}
	return nil
}

func simulate(cmd *cobra.Command, sc *scenarios.Scenario, out *output) error {
	if err := simulable(sc); err != nil {
		return err
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
	defer out.history.tidy(out.dir)
	defer collectOften()()
	v := virtual{sc: sc, dir: out.dir, events: out.events, alone: true, progress: p, begin: out.metrics.begin, end: out.metrics.end}
	s, err := v.run(cmd.Context())
	p.close()
	if err != nil {
		return err
	}
	err = out.conclude(cmd, s, s.ExitCode, errors.Join(v.unwritten, out.metrics.finish(s)))
	out.metrics.wait(cmd)
	return err
}

// collectOften makes garbage collections frequent until the function that it returns is
// called. Nearly all memory of a simulation is in use as long as the players are. Garbage
// that waits to be collected would cost more than frequent collections.
func collectOften() (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	usual := debug.SetGCPercent(oftenest)
	return func() { debug.SetGCPercent(usual) }
}

// oftenest is by how many percent the heap of a simulation grows before a collection.
const oftenest = 5

// roomy is a process in which a large simulation of so many players runs.
type roomy struct {
	players int
	percent int
	settled time.Duration // when all of them have arrived; 0 = that is past
}

// second is called once a second of the simulation. While the players arrive, the heap grows: it may
// grow as far before a collection as it may when all of them are there, and into large pages.
func (r *roomy) second(now time.Duration) {
	if r.players < large || r.settled == 0 {
		return
	}
	if now >= r.settled {
		r.settled = 0
		r.collectAt(oftenest)
		pages.Collapse()
		return
	}
	pages.Large()
	const each = 1600 // bytes a player
	live := []sampled.Sample{{Name: "/gc/heap/live:bytes"}}
	sampled.Read(live)
	r.collectAt(int(min(max(oftenest*each*uint64(r.players)/max(live[0].Value.Uint64(), 1), oftenest), 100)))
}

// collectAt lets the heap grow by so many percent before a collection.
func (r *roomy) collectAt(percent int) {
	if percent != r.percent && os.Getenv("GOGC") == "" {
		r.percent = percent
		debug.SetGCPercent(percent)
	}
}

// virtual is one simulation.
type virtual struct {
	sc       *scenarios.Scenario
	dir      string // of the results
	events   bool   // every player event is written there
	alone    bool   // it may use all cores
	progress stage.Progress
	begin    func(run.Watched)  // is called with what records the players
	end      func(*record.Part) // is called with what was recorded

	unwritten error // of files that are written meanwhile
}

// run simulates.
func (v *virtual) run(ctx context.Context) (*reports.Summary, error) {
	sc, faults := v.sc, v.sc.Faults()
	if err := os.MkdirAll(v.dir, 0o755); err != nil {
		return nil, &exitError{exitUsage, fmt.Sprintf("creating the directory of the results: %v", err), err}
	}
	cfg := stage.Measure(sc, reports.ModeSimulate, faults, time.Now())
	cfg.Build = build()
	cfg.RunKey = stage.Key(sc, reports.ModeSimulate, cfg.Build, 0)
	model, err := rig.New(*sc.Target.Rig, seedOf(sc), simEpoch)
	if err != nil {
		return nil, &exitError{exitInvalid, err.Error(), err}
	}
	if err := stage.Channel(&cfg, model, sc); err != nil {
		return nil, internal(err)
	}
	events, err := run.CreateEvents(v.dir, v.events)
	if err != nil {
		return nil, &exitError{exitUsage, err.Error(), err}
	}
	cfg.Events = events.Log
	size, lanes := 1, 1
	if v.alone {
		size, lanes = inLanes(sc)
	}
	team := cores.New(size)
	defer team.Close()
	cfg.Shards, cfg.Outcomes = lanes, outcomeRows(sc)
	c, err := record.New(cfg)
	if err != nil {
		return nil, internal(err)
	}
	v.begin(run.Alone{Collector: c})
	each := stage.NewSecond(v.progress, c, nil, events.Log, faults)
	room := roomy{players: sc.Fleet.Audience.Arrivals(), settled: sc.Fleet.Audience.ArrivalsEnd() + 2*time.Second}
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: seedOf(sc), Epoch: simEpoch, Duration: sc.Duration, Audience: sc.Fleet.Audience,
		Profiles: sc.Fleet.Profiles, HeadOnly: sc.Fleet.Body == "none", Faults: faults,
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: model.TargetDuration(), Recovery: sc.Recovery, Linger: stage.Linger(sc.Recovery, model.TargetDuration())},
		Collector: c, Lanes: lanes, Each: team.Each,
		Second: func(now time.Duration) string {
			tripped := each.Pass(now)
			if v.alone {
				room.second(now)
			}
			if ctx.Err() != nil {
				return "interrupted by the user"
			}
			return tripped
		},
	})
	if err != nil {
		return nil, internal(err)
	}
	part := c.Finish(res.End)
	v.end(part)
	s := measure.Derive(part, measure.End{At: res.End, Interrupted: res.Aborted, Faults: res.Outcomes}).Summary
	s.Ended = time.Now().UTC().Format(time.RFC3339)
	s.Warnings = append(s.Warnings, events.Rest()...)
	stage.Hide(s, sc.Secrets())
	if room.players >= large {
		runtime.GC() // the viewers are gone: what follows takes their place in memory
	}
	v.unwritten = errors.Join(events.Close(), writePlayers(v.dir, c.Outcomes(), sc.Secrets()))
	return s, nil
}
