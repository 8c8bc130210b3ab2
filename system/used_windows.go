package system

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// CPUTime is the CPU time of this process so far; 0 = unknown.
func CPUTime() time.Duration {
	var created, exited, kernel, user syscall.Filetime
	self, err := syscall.GetCurrentProcess()
	if err != nil || syscall.GetProcessTimes(self, &created, &exited, &kernel, &user) != nil {
		return 0
	}
	return ticks(kernel) + ticks(user)
}

// ticks is a length of time in units of 100 ns; Nanoseconds would count from 1970.
func ticks(t syscall.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}

var (
	kernel32    = windows.NewLazySystemDLL("kernel32.dll")
	memoryInfo  = kernel32.NewProc("K32GetProcessMemoryInfo")
	handleCount = kernel32.NewProc("GetProcessHandleCount")
)

// memoryCounters is PROCESS_MEMORY_COUNTERS.
type memoryCounters struct {
	size                             uint32
	pageFaults                       uint32
	peakWorkingSet, workingSet       uintptr
	peakPagedPool, pagedPool         uintptr
	peakNonPagedPool, nonPagedPool   uintptr
	pagefileUsage, peakPagefileUsage uintptr
}

// PeakMemory is the peak of this process's resident memory, in bytes; 0 = unknown.
func PeakMemory() int64 {
	c := memoryCounters{size: uint32(unsafe.Sizeof(memoryCounters{}))}
	if ok, _, _ := memoryInfo.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&c)), uintptr(c.size)); ok == 0 {
		return 0
	}
	return int64(c.peakWorkingSet)
}

// OpenFiles is how many handles this process has open, threads and events among them; 0 =
// unknown.
func OpenFiles() int64 {
	var n uint32
	if ok, _, _ := handleCount.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&n))); ok == 0 {
		return 0
	}
	return int64(n)
}

// MaxFiles is the number of handles that a process may have.
func MaxFiles() int64 { return 1 << 24 }
