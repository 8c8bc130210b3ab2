package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/reports"
	"hlsload/rig"
	"hlsload/scenarios"
)

// output is where results go.
type output struct {
	dir      string
	events   bool
	progress string
}

func (o *output) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.dir, "out", "", "directory of the results (default hlsload-out/<name>-<time>)")
	f.BoolVar(&o.events, "events", false, "write every player event to events.ndjson")
	f.StringVar(&o.progress, "progress", progressAuto, "auto, bar, plain or none")
}

// make creates the directory of the results.
func (o *output) make(name string, now time.Time) error {
	if o.dir == "" {
		o.dir = filepath.Join("hlsload-out", name+"-"+now.Format("20060102-150405"))
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return &exitError{exitUsage, fmt.Sprintf("creating the directory of the results: %v", err), err}
	}
	return nil
}

// measurement is what a collector is told about a scenario.
func measurement(sc *scenarios.Scenario, mode string, faults []chaos.Fault, started time.Time) reports.Config {
	c := reports.Config{
		Scenario:    reports.Scenario{Name: sc.Name, File: sc.File, SHA256: sc.SHA256},
		Seed:        sc.Seed,
		Mode:        mode,
		Started:     started,
		Duration:    sc.Duration,
		ArrivalsEnd: sc.Fleet.Audience.ArrivalsEnd(),
		Recovery:    sc.Recovery,
		Pipelines:   2,
		Faults:      faults,
		Expect:      sc.Expect,
		Stop:        sc.Stop,
		LagLimit:    sc.LagLimit,
	}
	if c.Absence = sc.Fleet.Audience.Session.Mean; sc.Fleet.Audience.Session.Rejoin {
		c.Absence = max(sc.Fleet.Audience.Session.RejoinAfter, time.Millisecond) // at once is not never
	}
	for i := range sc.Fleet.Audience.Cohorts {
		co := &sc.Fleet.Audience.Cohorts[i]
		p := sc.Fleet.Profiles[i]
		c.Cohorts = append(c.Cohorts, reports.Cohort{Name: co.Name, Profile: co.Profile, Control: co.FaultsNone && sc.Target.Rig != nil})
		c.Profiles = append(c.Profiles, reports.Profile{Name: co.Profile, Player: p.Player, Confidence: p.Confidence.Words()})
	}
	if sc.Target.Rig != nil {
		c.Pipelines = sc.Target.Rig.Pipelines
	}
	return c
}

// channelOf describes the embedded channel to the collector.
func channelOf(c *reports.Config, r *rig.Rig, sc *scenarios.Scenario) error {
	c.TargetDuration = r.TargetDuration()
	f := rig.Flight{Path: r.Entry(0), Pop: rig.AtOrigin}
	r.Advance(0, &f)
	if f.Answer.Object == nil {
		return fmt.Errorf("the embedded channel has no multivariant playlist at its start")
	}
	mv, err := m3u8.ParseMultivariant(f.Answer.Object.Text(), m3u8.Options{})
	if err != nil {
		return fmt.Errorf("the embedded channel's multivariant playlist: %w", err)
	}
	pipeline := func(u string) int {
		if len(u) > 5 && u[:5] == "../p1" {
			return 1
		}
		return 0
	}
	l, err := player.NewLadder(mv, sc.Fleet.Profiles[0], pipeline)
	if err != nil {
		return err
	}
	c.Renditions = renditionsOf(l)
	c.Predict = predictor(sc, mv, pipeline, func(cohort int) predict.Shape {
		return scenarios.ShapeOf(sc.Target.Rig, &sc.Fleet.Audience.Cohorts[cohort].Network)
	})
	return nil
}

// renditionsOf lists the media playlists of a ladder for the collector.
func renditionsOf(l *player.Ladder) []reports.Rendition {
	var out []reports.Rendition
	for i := range l.Renditions {
		r := &l.Renditions[i]
		out = append(out, reports.Rendition{Name: r.Name, Pipeline: r.Pipeline, Rank: r.Rank, Index: r.Index})
	}
	return out
}

// faultEnds turns outcomes into what the verdict needs.
func faultEnds(outcomes []chaos.Outcome) []reports.FaultEnd {
	var out []reports.FaultEnd
	for i := range outcomes {
		out = append(out, reports.FaultEndOf(&outcomes[i]))
	}
	return out
}

// seedOf is the seed of a scenario.
func seedOf(sc *scenarios.Scenario) draw.Seed { return draw.Seed(sc.Seed) }
