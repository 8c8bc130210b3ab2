package stage_test

import (
	"testing"
	"time"

	"hlsload/reports"
	"hlsload/scenarios"
	"hlsload/stage"
)

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
