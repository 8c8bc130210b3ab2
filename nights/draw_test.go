package nights_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/nights"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/sim"
	"hlsload/stage"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// load decodes a scenario with overrides, as --set has them.
func load(t testing.TB, data string, overrides ...string) *scenarios.Scenario {
	t.Helper()
	src := scenarios.Source{File: "test.yaml", Data: []byte(data)}
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

// simulate runs a scenario with a seed of its own.
func simulate(t testing.TB, sc *scenarios.Scenario, seed uint64) *reports.Summary {
	t.Helper()
	copied := *sc
	sc = &copied
	sc.Seed = seed
	faults := sc.Faults()
	cfg := stage.Measure(sc, reports.ModeSimulate, faults, epoch)
	model, err := rig.New(*sc.Target.Rig, draw.Seed(seed), epoch)
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.Channel(&cfg, model, sc); err != nil {
		t.Fatal(err)
	}
	cfg.Predict, cfg.Explain = nil, nil // no part of what is compared
	c, err := record.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: draw.Seed(seed), Epoch: epoch, Duration: sc.Duration, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles, HeadOnly: sc.Fleet.Body == "none", Faults: faults,
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: model.TargetDuration(), Recovery: sc.Recovery, Linger: stage.Linger(sc.Recovery, model.TargetDuration())},
		Collector: c,
	})
	if err != nil {
		t.Fatal(err)
	}
	return measure.Finish(c, measure.End{At: res.End, Faults: res.Outcomes}).Summary
}

func TestExplore(t *testing.T) {
	file := os.Getenv("EXPLORE")
	if file == "" {
		t.Skip()
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sc := load(t, string(data), strings.Fields(os.Getenv("SET"))...)
	start := time.Now()
	n := 10
	fmt.Sscan(os.Getenv("N"), &n)
	for seed := range n {
		night := nights.Of(simulate(t, sc, uint64(seed+1)), "")
		for _, m := range night.Measures {
			fmt.Printf("%d %s", seed, m.Name)
			for i, v := range m.Values {
				fmt.Printf(" %.4f", float64(v))
				if i < len(m.Phases) {
					fmt.Printf("@%.3f", float64(m.Phases[i]))
				}
			}
			fmt.Println()
		}
	}
	fmt.Println("seconds a night", time.Since(start).Seconds()/float64(n))
}
