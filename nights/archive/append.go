package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hlsload/nights"
	"hlsload/nights/history"
)

// Append adds a night to the history in dir, which is created when it does not exist. Note
// says what was wrong with the file before; "" = nothing.
func Append(dir string, n *nights.Night) (note string, err error) {
	line, err := history.Line(n)
	if err != nil {
		return "", fmt.Errorf("add to the history: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("add to the history: %w", err)
	}
	if err := Check(dir); err != nil {
		return "", fmt.Errorf("add to the history: %w", err)
	}
	name := filepath.Join(dir, history.File)
	_, statErr := os.Lstat(name)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return "", fmt.Errorf("add to the history: %w", err)
	}
	if cut(f) { // if another run is just writing the line, this makes an empty one, which does not count
		line = append([]byte("\n"), line...)
		note = name + ": its last line was cut, as by a power loss; it is left out, and the new one is below it"
	}
	_, err = f.Write(line)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return note, fmt.Errorf("add to the history: %w", err)
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		syncDir(dir)
	}
	return note, nil
}

// Begin makes dir, with a history that has no night yet, unless it has one. What cannot hold
// a history is told before a run begins.
func Begin(dir string) error {
	if err := Check(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, history.File), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// cut reports whether the last line of a file has no end.
func cut(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	last := []byte{0}
	_, err = f.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

// syncDir makes the name of a new file survive a power loss, where that can be done.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// Check returns why dir cannot hold a history; one that does not exist can.
func Check(dir string) error {
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is a file (want a folder)", dir)
	}
	name := filepath.Join(dir, history.File)
	switch info, err := os.Stat(name); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file (got %s)", name, info.Mode().Type())
	}
	return nil
}
