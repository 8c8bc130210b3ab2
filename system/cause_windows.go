package system

import "golang.org/x/sys/windows"

// The names of POSIX in package syscall never come from Windows.
var (
	refused    = []error{windows.WSAECONNREFUSED}
	reset      = []error{windows.WSAECONNRESET, windows.WSAECONNABORTED, windows.WSAESHUTDOWN}
	noNetwork  = []error{windows.WSAENETUNREACH, windows.WSAEADDRNOTAVAIL}
	noHost     = []error{windows.WSAEHOSTUNREACH}
	closedPipe = []error{windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA}
	exhausted  = []error{
		windows.WSAEMFILE, windows.ERROR_TOO_MANY_OPEN_FILES, windows.WSAEADDRNOTAVAIL, windows.WSAENOBUFS, windows.ERROR_NOT_ENOUGH_MEMORY,
		windows.ERROR_NO_SYSTEM_RESOURCES,
	}
)
