//go:build !linux

package fleet

import "syscall"

// machine assumes what is usual. The runtime has raised the limit of open files.
func machine() room { return room{files: 10_240, ports: 16_384, manyLocal: linuxLocal} }

func prepare(bound, paced bool) func(_, _ string, _ syscall.RawConn) error { return nil }
