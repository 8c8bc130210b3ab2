//go:build !linux

package fleet

import (
	"cmp"

	"hlsload/system"
)

// machine raises the limit of open files, and assumes usual values for the rest.
func machine() room {
	return room{files: cmp.Or(system.MaxFiles(), 10_240), ports: 16_384, manyLocal: linuxLocal}
}

// FreeMemory is not known here.
func FreeMemory() int64 { return 0 }
