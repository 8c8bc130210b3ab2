package sim_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// eventNight is a pipeline that dies under a large audience on shaped links.
const eventNight = `
seed: 7
duration: 10m
target:
  rig: {ladder: hd-720p}
fleet:
  arrive: {over: 15s}
  cohorts:
    - {name: web,     share: 60%, profile: hlsjs-1.7,  network: {base: home, down: 20Mbps, rtt: 30ms, jitter: 5ms, spread: 30%}}
    - {name: mobile,  share: 30%, profile: rfc8216bis, network: mobile-4g}
    - {name: control, share: 10%, profile: hlsjs-1.7,  faults: none}
chaos:
  - {name: kill-0, fault: pipeline.kill, at: 60s, for: 3m, pipeline: 0}
`

// BenchmarkSimulate runs ten minutes of an event. Its cost per player should
// hardly depend on how many there are. B/player is what lives on the heap shortly
// before the end.
//
//	go test ./sim -run '^$' -bench Simulate -benchtime 1x
func BenchmarkSimulate(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			sc := scenario(b, eventNight, fmt.Sprintf("fleet.players=%d", n))
			var live uint64
			for b.Loop() {
				before := heap()
				o := run(b, sc, nil, func(now time.Duration) {
					if now == sc.Duration-time.Second {
						live = heap() - before
					}
				})
				if o.sum.Players.Started != int64(n) || o.sum.Players.PlayingAtEnd != int64(n) {
					b.Fatalf("%d players started, %d play at the end; want %d", o.sum.Players.Started, o.sum.Players.PlayingAtEnd, n)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "players/s")
			b.ReportMetric(float64(live)/float64(n), "B/player")
		})
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
