package sim_test

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/scenarios"
	"hlsload/sim"
)

// Two hundred players watch the embedded channel for a minute, in virtual time.
func ExampleRun() {
	sc, err := scenarios.Load(scenarios.Source{File: "quiet.yaml", Data: []byte(`
version: 1
name: quiet
duration: 60s
target: {rig: {ladder: mini, segment: 2s}}
fleet: {players: 200, arrive: {over: 10s}, cohorts: [{name: web, share: 100%, profile: hlsjs-1.7, network: fibre}]}
`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := record.New(record.Config{Mode: reports.ModeSimulate, Duration: sc.Duration, ArrivalsEnd: 10 * time.Second, TargetDuration: 2 * time.Second, Pipelines: 2,
		Cohorts: []record.Cohort{{Name: "web", Profile: "hlsjs-1.7"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := sim.Run(&sim.Config{Rig: *sc.Target.Rig, Seed: draw.Seed(sc.Seed), Epoch: epoch, Duration: sc.Duration,
		Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles, Timeline: chaos.Timeline{Duration: sc.Duration, Target: 2 * time.Second}, Collector: c})
	if err != nil {
		fmt.Println(err)
		return
	}
	edge := result.Stats.Edge()
	fmt.Println("ended at", result.End)
	fmt.Println("the origin answered less than a tenth:", result.Stats.Origin.Requests < edge.Requests/10)
	// Output:
	// ended at 1m0s
	// the origin answered less than a tenth: true
}
