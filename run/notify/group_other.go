//go:build !unix

package notify

import "os/exec"

// group does nothing here: what the program started itself outlives it when it is killed.
func group(*exec.Cmd) {}
