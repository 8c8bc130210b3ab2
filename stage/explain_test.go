package stage_test

import (
	"testing"

	"hlsload/reports/remedy"
	"hlsload/scenarios"
	"hlsload/stage"
)

// What is known of the stream follows from the scenario, and from the other faults in it.
func TestStream(t *testing.T) {
	const fleet = "version: 1\nname: stream\nduration: 20m\nfleet:\n  players: 2\n  cohorts: [{name: a, share: 100%, profile: hlsjs-1.7}]\n"
	kill := "chaos:\n  - {name: x, fault: pipeline.kill, at: 8m, for: 30s, pipeline: 0}\n"
	rig := remedy.Stream{Embedded: true, Pipelines: 2, Deletes: true, ErrorTTL: 1e9, Lowest: 100e3}
	with := func(change func(*remedy.Stream)) remedy.Stream { s := rig; change(&s); return s }
	for text, want := range map[string]remedy.Stream{
		"target: {rig: {ladder: mini}}\n" + kill:                                                                            with(func(*remedy.Stream) {}),
		"target: {rig: {ladder: mini, origin: {stale: none}}}\n" + kill:                                                     with(func(s *remedy.Stream) { s.Deletes = false }),
		"target: {rig: {ladder: mini, edge: {preset: cloudfront-default}}}\n" + kill:                                        with(func(s *remedy.Stream) { s.ErrorTTL = 10e9 }),
		"target: {rig: {ladder: mini}}\n" + kill + "  - {name: off, fault: invalidator.off, at: 7m, for: 2m}\n":             with(func(s *remedy.Stream) { s.Deletes, s.Prevented = false, true }),
		"target: {rig: {ladder: mini}}\n" + kill + "  - {name: off, fault: invalidator.off, at: 9m, for: 2m}\n":             rig,
		"target: {rig: {ladder: mini}}\n" + kill + "  - {name: y, fault: segment.missing, at: 4m, for: 30s, pipeline: 1}\n": with(func(s *remedy.Stream) { s.Before = true }),
		"target: {rig: {ladder: mini}}\n" + kill + "  - {name: y, fault: segment.missing, at: 2m, for: 30s, pipeline: 1}\n": rig,
		"target: {rig: {ladder: mini}}\n" + kill + "  - {name: y, fault: segment.missing, at: 4m, for: 30s, pipeline: 0}\n": rig,
		"target: {url: 'http://127.0.0.1/a.m3u8'}\n" + kill:                                                                 {Pipelines: 2, Deletes: true}, // via viewer
	} {
		sc, err := scenarios.Load(scenarios.Source{File: "stream.yaml", Data: []byte(fleet + text)})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		faults := sc.Faults()
		for i := range faults {
			if faults[i].Name != "x" {
				continue
			}
			if got := *stage.Stream(sc, &faults[i], 2, faults); got != want {
				t.Errorf("%s\ngot  %+v\nwant %+v", text, got, want)
			}
		}
	}
}
