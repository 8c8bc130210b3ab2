//go:build unix

package system

import (
	"runtime"
	"syscall"
	"time"
)

// CPUTime is the CPU time of this process so far; 0 = unknown.
func CPUTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// PeakMemory is the peak of this process's resident memory, in bytes; 0 = unknown. macOS
// counts ru_maxrss in bytes, the others in KiB.
func PeakMemory() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	if runtime.GOOS == onMac {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}
