package pages

import (
	"bytes"
	"os"
	"reflect"
	"strconv"
	"syscall"
)

// probe is on the heap.
var probe = new([64 << 10]byte)

// Large asks for large pages where the heap is now. What the heap grows by later has to be asked for
// again. The kernel may do without: nothing depends on it.
func Large() { advise(syscall.MADV_HUGEPAGE) }

// Collapse has the small pages of the heap put together into large ones, which takes seconds for a
// gigabyte; from Linux 6.1 on.
func Collapse() {
	Large()             // else it is refused
	const collapse = 25 // MADV_COLLAPSE
	advise(collapse)
}

// advise gives advice about the heap; see madvise(2). An error says that there are no such pages, or
// that the heap has grown meanwhile.
func advise(how uintptr) {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	if from, to := around(text, reflect.ValueOf(probe).Pointer()); to > from {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, how)
	}
}

// around is the memory without a file or a name that has an address in it, up to the
// first gap on either side; see proc_pid_maps(5).
func around(maps []byte, at uintptr) (from, to uintptr) {
	for line := range bytes.Lines(maps) {
		f := bytes.Fields(line)
		if len(f) != 5 || string(f[1]) != "rw-p" || string(f[4]) != "0" {
			continue
		}
		low, high, _ := bytes.Cut(f[0], []byte("-"))
		a, err := strconv.ParseUint(string(low), 16, 64)
		b, err2 := strconv.ParseUint(string(high), 16, 64)
		if err != nil || err2 != nil {
			continue
		}
		if uintptr(a) != to {
			if from <= at && at < to {
				break
			}
			from = uintptr(a)
		}
		to = uintptr(b)
	}
	if at < from || at >= to {
		return 0, 0
	}
	return from, to
}
