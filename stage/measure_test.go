package stage_test

import (
	"testing"
	"time"

	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/stage"
)

// Where the links of a cohort's viewers differ by region, nothing is predicted, and the report
// says why.
func TestPredictionsOfRegions(t *testing.T) {
	for regions, want := range map[string]string{
		"[{name: a}, {name: b}]":                                 "",
		"[{name: a, network: mobile-3g}]":                        "",
		"[{name: a, network: home}, {name: b, network: fibre}]":  "the regions have different links",
		"[{name: a, share: 90%}, {name: b, network: mobile-3g}]": "the regions have different links",
	} {
		text := "version: 1\nname: regions\ntarget: {rig: {ladder: mini}}\nfleet: {players: 5, regions: " + regions + "}\nchaos: [{fault: pipeline.kill, at: 30s, for: 30s, pipeline: 0}]\n"
		sc, err := scenarios.Load(scenarios.Source{File: "regions.yaml", Data: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		model, err := rig.New(*sc.Target.Rig, draw.Seed(1), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		c := stage.Measure(sc, reports.ModeSimulate, sc.Faults(), time.Time{})
		if err := stage.Channel(&c, model, sc); err != nil {
			t.Fatal(err)
		}
		if p := c.Predict(&sc.Faults()[0], sc.Recovery, 0, false); p == nil || p.Unknown != want {
			t.Errorf("%s: predicted %+v; want unknown %q", regions, p, want)
		}
	}
}

// For how long a viewer whose player gave up is missed follows from who takes
// the place.
func TestAbsence(t *testing.T) {
	for session, want := range map[string]time.Duration{
		"":                                     0, // to the end
		"session: {mean: 5m}":                  5 * time.Minute,
		"session: {after_fatal: gone}":         0,
		"session: {after_fatal: {rejoin: 5s}}": 5 * time.Second,
		"session: {mean: 5m, after_fatal: {rejoin: 5s}}": 5 * time.Second,
		"session: {after_fatal: {rejoin: 0s}}":           time.Millisecond,
	} {
		text := "version: 1\nname: absence\nduration: 20s\ntarget: {rig: {ladder: mini}}\nfleet:\n  players: 2\n  " + session + "\n  cohorts: [{name: a, share: 100%, profile: hlsjs-1.7}]\n"
		sc, err := scenarios.Load(scenarios.Source{File: "absence.yaml", Data: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		if got := stage.Measure(sc, reports.ModeSimulate, nil, time.Time{}).Absence; got != want {
			t.Errorf("%q: missed for %v; want %v", session, got, want)
		}
	}
}
