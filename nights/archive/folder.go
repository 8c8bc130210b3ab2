package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hlsload/nights/history"
	"hlsload/reports"
)

// Read reads the history in dir.
func Read(dir string, o history.Reading) (*history.History, error) {
	if err := Check(dir); err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	f, err := os.Open(filepath.Join(dir, history.File))
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	defer f.Close()
	h, err := o.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return h, nil
}

// Has reports whether dir has a history.
func Has(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, history.File))
	return err == nil && info.Mode().IsRegular()
}

// ErrOutside says that a folder is not in that of the history.
var ErrOutside = errors.New("it is not in the folder of the history")

// Inside is a folder as a path in dir, with slashes. Neither has to exist.
func Inside(dir, folder string) (string, error) {
	base, err := resolved(dir)
	if err != nil {
		return "", err
	}
	at, err := resolved(folder)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(base, at)
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%s: %w", folder, ErrOutside)
	}
	return filepath.ToSlash(rel), nil
}

// resolved is a path without symbolic links, as far as it exists.
func resolved(name string) (string, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	rest := ""
	for at := name; ; at = filepath.Dir(at) {
		if found, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(found, rest), nil
		}
		if at == filepath.Dir(at) {
			return name, nil
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// deepest is how far below the folder of its history a run may be.
const deepest = 4

// Of is the history that a run's folder is in, which is the nearest one above it, and the
// folder as a path in it; "" = there is none.
func Of(folder string) (dir, run string) {
	at, err := resolved(folder)
	if err != nil {
		return "", ""
	}
	for up, n := at, 0; n < deepest; n++ {
		up = filepath.Dir(up)
		if Has(up) {
			if run, err := Inside(up, at); err == nil {
				return shown(folder, up, n+1), run
			}
			return "", ""
		}
	}
	return "", ""
}

// shown is the folder so many levels above another one, as it was written.
func shown(folder, up string, levels int) string {
	at := filepath.Clean(folder)
	for range levels {
		if at == "." || filepath.Base(at) == ".." {
			return up
		}
		at = filepath.Dir(at)
	}
	if found, err := resolved(at); err != nil || found != up {
		return up
	}
	return at
}

// Kept returns what reports whether the folder of a run in the history in dir is there, with
// its report.
func Kept(dir string) func(run string) bool {
	return func(run string) bool {
		if !filepath.IsLocal(filepath.FromSlash(run)) {
			return false
		}
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(run), reports.HTMLFile))
		return err == nil && info.Mode().IsRegular()
	}
}

// Settings returns what reads the settings of a run in the history in dir; nil = they are
// not known.
func Settings(dir string) func(run string) map[string]string {
	return func(run string) map[string]string {
		if !filepath.IsLocal(filepath.FromSlash(run)) {
			return nil
		}
		s, err := reports.Read(filepath.Join(dir, filepath.FromSlash(run)))
		if err != nil || s.Key == nil || len(s.Key.Settings) == 0 {
			return nil
		}
		return s.Key.Settings
	}
}

// NewFolder makes a new folder of a run in the history in dir, and returns its path. No two
// runs get the same.
func NewFolder(dir, name string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("history: %w", err)
	}
	at := filepath.Join(dir, name)
	for i := 2; ; i++ {
		err := os.Mkdir(at, 0o755)
		if err == nil {
			return at, nil
		}
		if !errors.Is(err, fs.ErrExist) || i > 10_000 {
			return "", fmt.Errorf("history: %w", err)
		}
		at = filepath.Join(dir, fmt.Sprintf("%s-%d", name, i))
	}
}
