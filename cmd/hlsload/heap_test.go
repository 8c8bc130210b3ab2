package main

import (
	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestFlatHeapOfRun runs the embedded channel with viewers who come and go all
// the time: what the program holds after some minutes, segments and playlists
// included, is all that it holds later, but for the timeline's rows.
func TestFlatHeapOfRun(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("minutes of virtual time, alone")
	}
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		sc := parse(t, `duration: 370s
limits: {lag: 5s}
target: {rig: {ladder: mini}}
fleet:
  players: 12
  arrive: {over: 5s}
  session: {mean: 8s}
  cohorts: [{name: web, share: 60%, profile: hlsjs-1.7, network: home}, {name: tv, share: 40%, profile: media3-1.11, network: home}]
`)
		began := time.Now()
		var live [2]uint64
		go func() {
			for i, at := range []time.Duration{150 * time.Second, 360 * time.Second} {
				time.Sleep(at - time.Since(began))
				runtime.GC()
				var ms runtime.MemStats
				runtime.ReadMemStats(&ms)
				live[i] = ms.HeapAlloc
			}
		}()
		cmd, _, _ := quiet()
		if exit := exitOf(perform(cmd, &run.Config{Scenario: sc}, &output{dir: t.TempDir(), progress: progressNone}, network{listen: m.Listen, web: look.Network{Dial: m.Dial}})); exit.code != 0 {
			t.Fatalf("exit code %d, %s", exit.code, exit.msg)
		}
		t.Logf("live heap of %d kB after 150 s, %d kB after 360 s", live[0]>>10, live[1]>>10)
		if most := live[0] + live[0]/8; live[0] == 0 || live[1] > most {
			t.Errorf("%d kB are live after 150 s, %d kB after 360 s; want at most %d kB", live[0]>>10, live[1]>>10, most>>10)
		}
	})
}
