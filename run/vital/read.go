package vital

import (
	"bytes"
	"math"
	"os"
	"runtime/metrics"
	"strconv"
)

// Read is the level of this process now.
func Read() (l Level) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/sched/goroutines:goroutines"}, {Name: "/sched/threads/total:threads"}}
	metrics.Read(samples)
	number := func(s *metrics.Sample) float64 {
		if s.Value.Kind() != metrics.KindUint64 {
			return math.NaN() // a version of Go that does not count it
		}
		return float64(s.Value.Uint64())
	}
	l[Heap], l[Goroutines], l[Threads] = number(&samples[0]), number(&samples[1]), number(&samples[2])
	l[RSS], l[Files] = resident(), files()
	return l
}

// resident is the memory that the system has given to this process, in bytes; NaN where the system does
// not say.
func resident() float64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return math.NaN()
	}
	if fields := bytes.Fields(b); len(fields) > 1 {
		if pages, err := strconv.ParseInt(string(fields[1]), 10, 64); err == nil {
			return float64(pages) * float64(os.Getpagesize())
		}
	}
	return math.NaN()
}

// files is how many files this process has open; NaN where the system does not say.
func files() float64 {
	const dir = "/proc/self/fd"
	if i, err := os.Stat(dir); err == nil && i.Size() > 0 {
		return float64(i.Size()) // since Linux 6.2
	}
	d, err := os.Open(dir)
	if err != nil {
		return math.NaN()
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return math.NaN()
	}
	return float64(len(names)) - 1 // without d
}
