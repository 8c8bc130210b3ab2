//go:build unix

package system

import (
	"errors"
	"os"
	"syscall"
)

// Lock locks a file until it is closed or the process ends; [ErrLocked] if another process
// has.
func Lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

// Empty removes what is in a file that is open for appending.
func Empty(f *os.File) error { return f.Truncate(0) }

// SyncDir returns once the names in a directory are on disk.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Removed is a new file in the folder for temporary files that is gone once it is closed by
// this process and by those that have it from this one. The function removes what is left.
func Removed(pattern string) (f *os.File, remove func(), err error) {
	f, err = os.CreateTemp("", pattern)
	if err != nil {
		return nil, nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, func() { f.Close() }, nil
}
