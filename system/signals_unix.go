//go:build unix

package system

import (
	"os"
	"syscall"
)

// Ends are the signals that ask a program to end in order.
var Ends = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// Halt is the signal that asks a run to send all players away at once; nil = there is none.
var Halt os.Signal = syscall.SIGUSR1

// ClosedPipe is the signal that ends a program whose output is not read any more, unless it
// is caught.
var ClosedPipe os.Signal = syscall.SIGPIPE
