package sim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/players"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/sim"
)

// epoch is the wall-clock instant of 0 in all tests.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// scenario decodes a scenario whose file lacks version and name. Overrides are
// path=value.
func scenario(t testing.TB, text string, overrides ...string) *scenarios.Scenario {
	t.Helper()
	src := scenarios.Source{File: "test.yaml", Data: []byte("version: 1\nname: test\n" + text)}
	for _, o := range overrides {
		set, err := scenarios.Set(o)
		if err != nil {
			t.Fatal(err)
		}
		src.Overrides = append(src.Overrides, set)
	}
	sc, err := scenarios.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// outcome is what a simulation came to.
type outcome struct {
	*sim.Result
	sum     *reports.Summary
	players *players.Table
	events  []event // when asked for
}

// event is a line of the event log.
type event struct {
	T       float64  `json:"t_ms"`
	Player  uint64   `json:"player"`
	Cohort  string   `json:"cohort"`
	Profile string   `json:"profile"`
	Event   string   `json:"event"`
	Kind    string   `json:"kind"`
	Status  int      `json:"status"`
	Failure string   `json:"failure"`
	Bytes   int64    `json:"bytes"`
	Latency float64  `json:"latency_ms"`
	Faults  []string `json:"faults"`
	Rejoin  bool     `json:"rejoin"`
}

// simulated runs a scenario.
func simulated(t testing.TB, sc *scenarios.Scenario) outcome {
	t.Helper()
	return run(t, sc, nil, nil)
}

// recorded runs a scenario and keeps its events.
func recorded(t testing.TB, sc *scenarios.Scenario) outcome {
	t.Helper()
	var log strings.Builder
	o := run(t, sc, record.NewEventLog(&log, 0), nil)
	for line := range strings.Lines(log.String()) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("event %s: %v", line, err)
		}
		o.events = append(o.events, e)
	}
	return o
}

// run runs a scenario. events and second may be nil.
func run(t testing.TB, sc *scenarios.Scenario, events *record.EventLog, second func(now time.Duration)) outcome {
	t.Helper()
	o, err := try(t, sc, events, second)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// try is run for a simulation that may fail.
func try(t testing.TB, sc *scenarios.Scenario, events *record.EventLog, second func(now time.Duration)) (outcome, error) {
	t.Helper()
	return tryLanes(t, sc, 1, nil, events, second)
}

// tryLanes is try with the viewers split into lanes.
func tryLanes(t testing.TB, sc *scenarios.Scenario, lanes int, each func(int, func(int)), events *record.EventLog, second func(now time.Duration)) (outcome, error) {
	t.Helper()
	return tryRows(t, sc, 1<<20, lanes, each, events, second)
}

// tryRows is tryLanes with at most so many rows about single viewers.
func tryRows(t testing.TB, sc *scenarios.Scenario, rows, lanes int, each func(int, func(int)), events *record.EventLog, second func(now time.Duration)) (outcome, error) {
	t.Helper()
	seed := draw.Seed(sc.Seed)
	channel, err := rig.New(*sc.Target.Rig, seed, epoch)
	if err != nil {
		t.Fatal(err)
	}
	faults := sc.Faults()
	rc := record.Config{
		Scenario: reports.Scenario{Name: sc.Name, File: sc.File, SHA256: sc.SHA256}, Seed: sc.Seed, Mode: reports.ModeSimulate,
		Duration: sc.Duration, ArrivalsEnd: sc.Fleet.Audience.ArrivalsEnd(), Recovery: sc.Recovery,
		TargetDuration: channel.TargetDuration(), Pipelines: sc.Target.Rig.Pipelines, Renditions: renditions(t, channel, sc),
		Faults: faults, Expect: sc.Expect, Known: sc.Known, Stop: sc.Stop, Events: events, Shards: lanes, Outcomes: rows,
	}
	for i := range sc.Fleet.Audience.Cohorts {
		co := &sc.Fleet.Audience.Cohorts[i]
		rc.Cohorts = append(rc.Cohorts, record.Cohort{Name: co.Name, Profile: co.Profile, Control: co.FaultsNone})
	}
	c, err := record.New(rc)
	if err != nil {
		t.Fatal(err)
	}
	stops := measure.NewStops(c, nil)
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: seed, Epoch: epoch, Duration: sc.Duration, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles,
		HeadOnly: sc.Fleet.Body == "none", Faults: faults,
		Timeline: chaos.Timeline{Duration: sc.Duration, Target: channel.TargetDuration(), Recovery: sc.Recovery},
		Lanes:    lanes, Each: each,
		Collector: c, Second: func(now time.Duration) string {
			if second != nil {
				second(now)
			}
			return stops.Check(now)
		},
	})
	if err != nil {
		return outcome{}, err
	}
	if events != nil {
		if err := events.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	sum := measure.Finish(c, measure.End{At: res.End, Interrupted: res.Aborted, Faults: res.Outcomes}).Summary
	return outcome{Result: res, sum: sum, players: c.Outcomes()}, nil
}

// renditions describes the channel's media playlists to the collector.
func renditions(t testing.TB, channel *rig.Rig, sc *scenarios.Scenario) []record.Rendition {
	f := rig.Flight{Path: channel.Entry(0), Pop: rig.AtOrigin}
	channel.Advance(0, &f)
	mv, err := m3u8.ParseMultivariant(f.Answer.Object.Text(), m3u8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := player.NewLadder(mv, sc.Fleet.Profiles[0], func(u string) int {
		if strings.HasPrefix(u, "../p1") {
			return 1
		}
		return 0
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []record.Rendition
	for i := range l.Renditions {
		r := &l.Renditions[i]
		out = append(out, record.Rendition{Name: r.Name, Pipeline: r.Pipeline, Rank: r.Rank, Index: r.Index})
	}
	return out
}
