package system

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// Lock locks a file until it is closed or the process ends; [ErrLocked] if another process
// has. A lock keeps others from reading what it covers, so it covers one byte that is never
// written.
func Lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: math.MaxInt32})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrLocked
	}
	return err
}

// Empty removes what is in a file that is open for appending. A handle for that cannot do it.
func Empty(f *os.File) error { return os.Truncate(f.Name(), 0) }

// SyncDir does nothing: folders cannot be synced here.
func SyncDir(string) error { return nil }

// Removed is a new file in the folder for temporary files that the function closes and
// removes, unless another process still has it open.
func Removed(pattern string) (f *os.File, remove func(), err error) {
	f, err = os.CreateTemp("", pattern)
	if err != nil {
		return nil, nil, err
	}
	return f, func() {
		f.Close()
		_ = os.Remove(f.Name())
	}, nil
}
