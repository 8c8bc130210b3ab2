package run

import (
	"os"
	"syscall"
	"time"
)

// cpuTime is the CPU time of this process so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rssPeak is the peak of this process's resident memory, in bytes. Linux counts
// ru_maxrss in KiB.
func rssPeak() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return u.Maxrss << 10
}

// openFiles is how many files this process has open; 0 = unknown.
func openFiles() int64 {
	const dir = "/proc/self/fd"
	if i, err := os.Stat(dir); err == nil && i.Size() > 0 {
		return i.Size() // since Linux 6.2
	}
	d, err := os.Open(dir)
	if err != nil {
		return 0
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return 0
	}
	return int64(len(names)) - 1 // without d
}
