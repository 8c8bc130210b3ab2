//go:build !linux

package fleet

// machine assumes usual values. The runtime has raised the limit of open files.
func machine() room { return room{files: 10_240, ports: 16_384, manyLocal: linuxLocal} }

// FreeMemory is not known here.
func FreeMemory() int64 { return 0 }
