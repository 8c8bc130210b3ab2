package system

import (
	"os"
	"syscall"
)

// Ends are the signals that ask a program to end in order: Ctrl-C and Ctrl-Break, and what
// Go makes of a closed window and of a shutdown.
var Ends = []os.Signal{os.Interrupt, syscall.SIGTERM}

// Halt is the signal that asks a run to send all players away at once; nil = there is none.
var Halt os.Signal

// ClosedPipe is the signal that ends a program whose output is not read any more, unless it
// is caught. It never comes here.
var ClosedPipe os.Signal = syscall.SIGPIPE
