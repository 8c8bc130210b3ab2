package run

import (
	"time"

	"hlsload/system"
)

// cpuTime is the CPU time of this process so far.
func cpuTime() time.Duration { return system.CPUTime() }

// rssPeak is the peak of this process's resident memory, in bytes.
func rssPeak() int64 { return system.PeakMemory() }

// openFiles is how many files this process has open; 0 = unknown.
func openFiles() int64 { return system.OpenFiles() }
