package stage

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/sim"
)

// liveHeap simulates churn with faults and returns the live heap at some instants.
func liveHeap(t testing.TB, text string, shards int, at ...time.Duration) (live []uint64, s *reports.Summary) {
	t.Helper()
	sc, err := scenarios.Load(scenarios.Source{File: "flat.yaml", Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	faults, epoch := sc.Faults(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := Measure(sc, reports.ModeSimulate, faults, epoch)
	cfg.Shards = shards
	channel, err := rig.New(*sc.Target.Rig, draw.Seed(sc.Seed), epoch)
	if err != nil {
		t.Fatal(err)
	}
	if err := Channel(&cfg, channel, sc); err != nil {
		t.Fatal(err)
	}
	c, err := record.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: draw.Seed(sc.Seed), Epoch: epoch, Duration: sc.Duration, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles, Faults: faults,
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: channel.TargetDuration(), Recovery: sc.Recovery, Linger: Linger(sc.Recovery, channel.TargetDuration())},
		Collector: c, Lanes: shards,
		Second: func(now time.Duration) string {
			c.SetUsual(c.Usual())
			if len(live) < len(at) && now >= at[len(live)] {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				live = append(live, m.HeapAlloc)
			}
			return ""
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return live, measure.Derive(c.Finish(res.End), measure.End{At: res.End, Interrupted: res.Aborted, Faults: res.Outcomes}).Summary
}

// churn is a soak of two hours.
const churn = `version: 1
name: flat
duration: 2h
recovery: 30s
target: {rig: {ladder: mini}, entry: {0: 50%%, 1: 50%%}}
fleet:
  players: %d
  arrive: {over: 30s, shape: poisson}
  session: {mean: 3m, after_fatal: {rejoin: 5s}}
  cohorts:
    - {name: web, share: 60%%, profile: hlsjs-1.7, network: home}
    - {name: mobile, share: 40%%, profile: media3-1.11, network: mobile-4g}
chaos:
  - {name: late, fault: segment.late, at: 3m, for: 30s, every: 5m, by: 6s, pipeline: 0}
  - {name: return, fault: viewers.reconnect, at: 5m, every: 5m, share: 30%%}
`

// TestMemoryIsFlat: a long simulation with churn takes no more memory in its second hour
// than in its first, but for what is kept of each occurrence of a fault.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates two hours")
	}
	var first string
	for _, shards := range []int{1, 8} {
		live, s := liveHeap(t, fmt.Sprintf(churn, 100), shards, time.Hour, 2*time.Hour-time.Minute)
		const each = 24 << 10 // for an occurrence: four cells of some kB
		occurrences := uint64(24)
		t.Logf("%d shards: %d kB after an hour, %d kB after two", shards, live[0]>>10, live[1]>>10)
		if most := live[0] + live[0]/20 + occurrences*each; live[1] > most {
			t.Errorf("%d shards: %d bytes live after an hour, %d after two; want at most %d", shards, live[0], live[1], most)
		}
		if s.Players.Started < 3000 || len(s.Faults) != 48 {
			t.Errorf("%d sessions, %d faults; want churn and faults all the time", s.Players.Started, len(s.Faults))
		}
		if b, err := json.Marshal(s.Faults); err != nil {
			t.Fatal(err)
		} else if first == "" {
			first = string(b)
		} else if string(b) != first {
			t.Errorf("what the faults did is not the same when sessions are kept in %d shards", shards)
		}
	}
}
