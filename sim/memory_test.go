package sim_test

import (
	"runtime"
	"testing"
	"time"
)

// TestFlatHeap simulates an hour in which viewers come and go all the time, and
// something fails every few minutes: what the program holds after 10 minutes is
// all that it ever holds, but for the timeline's rows.
func TestFlatHeap(t *testing.T) {
	if testing.Short() {
		t.Skip("an hour of virtual time")
	}
	sc := scenario(t, churn)
	marks := map[time.Duration]uint64{10 * time.Minute: 0, 30 * time.Minute: 0, 59 * time.Minute: 0}
	o := run(t, sc, nil, func(now time.Duration) {
		if _, ok := marks[now.Truncate(time.Second)]; !ok || marks[now.Truncate(time.Second)] > 0 {
			return
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		marks[now.Truncate(time.Second)] = m.HeapAlloc
	})
	first, half, last := marks[10*time.Minute], marks[30*time.Minute], marks[59*time.Minute]
	t.Logf("%d sessions; live heap of %d kB after 10 minutes, %d kB after 30, %d kB after 59", o.sum.Players.Started, first>>10, half>>10, last>>10)
	if o.sum.Players.Started < 5000 || first == 0 || half == 0 || last == 0 {
		t.Fatalf("%d sessions, marks %v: nothing is shown by that", o.sum.Players.Started, marks)
	}
	const rows = 3600 * 200 // bytes: a row and a count of the origin a second
	for at, got := range map[string]uint64{"30": half, "59": last} {
		if most := first + first/4 + rows; got > most {
			t.Errorf("after %s minutes %d kB are live, after 10 minutes %d kB; want at most %d kB", at, got>>10, first>>10, most>>10)
		}
	}
}

const churn = `duration: 60m
recovery: 30s
target: {rig: {ladder: mini, segment: 4s}}
fleet:
  players: 20
  arrive: {over: 10s}
  session: {mean: 12s, after_fatal: {rejoin: 2s}}
  cohorts:
    - {name: web, share: 60%, profile: hlsjs-1.7, network: home}
    - {name: tv, share: 40%, profile: media3-1.11, network: home}
chaos:
  - {name: kill, fault: pipeline.kill, at: 2m, for: 20s, every: 5m, pipeline: 0}
`
