//go:build unix

package system

import "syscall"

var (
	refused    = []error{syscall.ECONNREFUSED}
	reset      = []error{syscall.ECONNRESET, syscall.EPIPE}
	noNetwork  = []error{syscall.ENETUNREACH, syscall.EADDRNOTAVAIL}
	noHost     = []error{syscall.EHOSTUNREACH}
	closedPipe = []error{syscall.EPIPE}
	exhausted  = []error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM}
)
