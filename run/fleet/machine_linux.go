package fleet

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"hlsload/system"
)

// machine measures this machine, and raises the limit of open files.
func machine() room {
	m := room{files: 1024, ports: 28_232, manyLocal: linuxLocal}
	if n := system.MaxFiles(); n > 0 {
		m.files = n
	}
	if b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var from, to int64
		if n, _ := fmt.Sscan(string(b), &from, &to); n == 2 && to >= from {
			m.ports = to - from + 1
		}
	}
	m.memory = FreeMemory()
	return m
}

// FreeMemory is the free memory of the machine, or of the control group, in bytes; 0 = unknown.
func FreeMemory() int64 {
	var free int64
	b, _ := os.ReadFile("/proc/meminfo")
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		if rest, ok := strings.CutPrefix(sc.Text(), "MemAvailable:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			free = kb << 10
		}
	}
	number := func(file string) int64 {
		b, err := os.ReadFile("/sys/fs/cgroup/" + file)
		if err != nil {
			return 0
		}
		n, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
		return n
	}
	if limit := number("memory.max"); limit > 0 {
		free = min(free, max(1, limit-number("memory.current")))
	}
	return free
}
