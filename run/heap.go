package run

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"hlsload/run/fleet"
)

// heap is how far the heap of this process may grow before garbage is collected. While
// players fail over, all of them fetch at once; a collection then takes a third of two
// processors for a tenth of a second, and requests leave late, so that the tester measures
// itself. So from the onset of a fault until the players have recovered, there are fewer
// collections, for memory that nothing else uses.
var heap heapRoom

// heapRoom has one owner for each process, because there is one collector of garbage.
type heapRoom struct {
	mu     sync.Mutex
	bursts int // of all agents in this process
	normal int // the percentage without a burst
}

func (h *heapRoom) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return // it was decided already
	}
	if h.bursts++; h.bursts == 1 {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		h.normal = debug.SetGCPercent(heapPercent(int64(live[0].Value.Uint64()), part(fleet.FreeMemory())))
	}
}

func (h *heapRoom) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bursts == 0 {
		return
	}
	if h.bursts--; h.bursts == 0 {
		debug.SetGCPercent(h.normal)
	}
}

// part is the part of the free memory that this process may count on. One that has a part of the
// cores, as those that run --processes starts, is not alone: it has the same part of the memory.
func part(free int64) int64 {
	if os.Getenv("GOMAXPROCS") == "" || free == 0 {
		return free
	}
	cores := int64(runtime.NumCPU())
	return max(free/cores*min(int64(runtime.GOMAXPROCS(0)), cores), 1)
}

// heapPercent is by how many percent of what is live the heap may grow in a burst: by four
// times as much, or half of the memory that is free (0 = unknown), whichever is less, but
// never by less than the usual 100 %.
func heapPercent(live, free int64) int {
	const usual, most = 100, 400
	if free == 0 {
		return 2 * usual
	}
	return int(min(max(free/2*100/max(live, 1), usual), most))
}

// burst is the time of an agent in which players may all fail over.
type burst struct {
	grown bool
	on    map[[2]int]bool // faults that are on, by rule and occurrence
	until time.Duration   // once they are over
}

// apply begins the burst of a fault.
func (b *burst) apply(rule, occurrence int) {
	if b.on == nil {
		b.on = map[[2]int]bool{}
	}
	b.on[[2]int{rule, occurrence}] = true
	if !b.grown {
		b.grown = true
		heap.begin()
	}
}

// clear ends that of a fault; players may take until an instant to recover.
func (b *burst) clear(rule, occurrence int, until time.Duration) {
	delete(b.on, [2]int{rule, occurrence})
	b.until = max(b.until, until)
}

// pass ends the burst if it is over.
func (b *burst) pass(now time.Duration) {
	if b.grown && len(b.on) == 0 && now >= b.until {
		b.grown = false
		heap.end()
	}
}

// end ends the burst, over or not.
func (b *burst) end() {
	b.on, b.until = nil, 0
	b.pass(0)
}
