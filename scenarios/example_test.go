package scenarios_test

import (
	"fmt"

	"hlsload/scenarios"
)

func ExampleLoad() {
	sc, err := scenarios.Load(scenarios.Source{File: "mine.yaml", Data: []byte(`
version: 1
name: mine
fleet: {players: 500, cohorts: [{name: web, share: 100%, profile: hlsjs-1.7}]}
chaos:
  - {name: blackout, fault: pipeline.kill, at: 30s, for: 20s, pipeline: 0}
`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range sc.Faults() {
		fmt.Println(f.Name, f.Kind, f.At, f.For)
	}
	// Output:
	// blackout pipeline.kill 30s 20s
}

// All mistakes are reported, each with its place.
func ExampleLoad_mistakes() {
	_, err := scenarios.Load(scenarios.Source{File: "mine.yaml", Data: []byte("version: 1\nname: mine\nduration: 10\nseed: -1\n")})
	fmt.Println(err)
	// Output:
	// mine.yaml:3:11: duration: not a duration (got "10"; want a duration with its unit, such as 250ms, 30s or 2m)
	// mine.yaml:4:7: seed: out of range (got "-1"; want 0 to 9007199254740992)
}
