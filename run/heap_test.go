package run

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestHeapPercent(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		live, free int64
		want       int
	}{
		{40 * mb, 20_000 * mb, 400},
		{40 * mb, 320 * mb, 400},
		{40 * mb, 200 * mb, 250},
		{40 * mb, 40 * mb, 100},
		{40 * mb, 1, 100},
		{0, mb, 400},
		{40 * mb, 0, 200},
	} {
		if got := heapPercent(c.live, c.free); got != c.want {
			t.Errorf("live %d, free %d: got %d, want %d", c.live, c.free, got, c.want)
		}
	}
}

// Agents that share a machine do not all count on the same memory.
func TestPartOfTheMemory(t *testing.T) {
	const free = 1 << 32
	cores := runtime.NumCPU()
	was := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(was)
	for env, want := range map[string]int64{"": free, "1": free / int64(cores)} {
		t.Setenv("GOMAXPROCS", env)
		if got := part(free); got != want {
			t.Errorf("GOMAXPROCS=%q of %d cores: %d bytes, want %d", env, cores, got, want)
		}
		if got := part(0); got != 0 {
			t.Errorf("unknown: %d bytes", got)
		}
	}
}

// The heap may grow from the onset of the first fault until players have recovered from the last.
func TestBurst(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	was := debug.SetGCPercent(100)
	defer debug.SetGCPercent(was)
	grown := func(want bool) {
		t.Helper()
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		if (p > 100) != want {
			t.Errorf("the heap grows by %d %%, want it grown: %v", p, want)
		}
	}
	var a, b burst
	a.clear(0, 0, time.Second) // of a fault that could not be applied
	a.pass(time.Hour)
	grown(false)
	a.apply(1, 0)
	a.apply(1, 0)
	a.apply(2, 0)
	a.clear(1, 0, 3*time.Second)
	a.clear(3, 0, time.Second)
	a.pass(10 * time.Second)
	grown(true)
	a.clear(2, 0, 20*time.Second)
	a.pass(19 * time.Second)
	grown(true)
	b.apply(1, 0) // of another agent in the same process
	a.pass(20 * time.Second)
	a.end()
	grown(true)
	b.end()
	b.end()
	grown(false)
	t.Setenv("GOGC", "50")
	a.apply(1, 0)
	grown(false)
	a.end()
	grown(false)
}
