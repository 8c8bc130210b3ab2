package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"hlsload/chaos/journal"
	"hlsload/nights"
	"hlsload/nights/history"
	"hlsload/reports"
	"hlsload/reports/spread"
)

// Removal is the folder of a run that was to be removed.
type Removal struct {
	Run   string
	Bytes int64
	Why   string // it is still there; "" = it was removed
}

// Remove removes the folders of the runs that started before an instant, as far as the
// history in dir has a line of them. It removes no folder but that of such a run, none that
// is reached by a symbolic link, and none whose journal says that a fault is not undone.
// Folders that are not there are not told of.
func Remove(dir string, h *history.History, before time.Time) ([]Removal, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("remove old runs: %w", err)
	}
	defer root.Close()
	var all []Removal
	var young []string
	for i := range h.Nights {
		if n := &h.Nights[i]; !history.Start(n).Before(before) {
			young = append(young, history.Local(n))
		}
	}
	done := map[string]bool{}
	for i := range h.Nights {
		n := &h.Nights[i]
		run := history.Local(n)
		if !history.Start(n).Before(before) || run == "" || done[run] {
			continue
		}
		if _, err := root.Lstat(run); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		r := Removal{Run: run}
		err := removable(root, dir, run, n, young)
		if err == nil {
			r.Bytes = size(root, run)
			err = root.RemoveAll(run)
			done[run] = err == nil
		}
		if err != nil {
			r.Why = strings.TrimSpace(err.Error())
		} else {
			removeSeeds(root, path.Dir(run))
		}
		all = append(all, r)
	}
	return all, nil
}

// removable returns why a folder must stay.
func removable(root *os.Root, dir, run string, n *nights.Night, young []string) error {
	for at := run; at != "."; at = path.Dir(at) {
		info, err := root.Lstat(at)
		switch {
		case err != nil:
			return err
		case !info.IsDir():
			return fmt.Errorf("%s is not a folder (got %s)", at, info.Mode().Type())
		}
	}
	for _, other := range young {
		if strings.HasPrefix(other+"/", run+"/") {
			return fmt.Errorf("the younger run %s is in it", other)
		}
	}
	name := path.Join(run, reports.SummaryFile)
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("it has no %s", reports.SummaryFile)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("its %s is not a file", reports.SummaryFile)
	}
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := reports.ReadJSON(f)
	switch {
	case err != nil:
		return err
	case s.RunID != n.RunID || s.Started != n.Started:
		return errors.New("it holds another run than the line of the history")
	}
	return settled(root, filepath.Join(dir, filepath.FromSlash(run)), run)
}

// settled returns why the journal of a run is still needed.
func settled(root *os.Root, folder, run string) error {
	info, err := root.Lstat(path.Join(run, reports.JournalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("its %s is not a file", reports.JournalFile)
	}
	if err != nil {
		return err
	}
	name := filepath.Join(folder, reports.JournalFile)
	lines, err := journal.Read(name)
	if err != nil {
		return fmt.Errorf("its journal: %w", err)
	}
	if left := journal.Left(lines); len(left) > 0 {
		return fmt.Errorf("a fault of it is not undone (want first: hlsload undo %s)", name)
	}
	return nil
}

// size is how many bytes the files of a folder have, as far as that can be seen.
func size(root *os.Root, run string) (bytes int64) {
	_ = fs.WalkDir(root.FS(), run, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be seen is not counted
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}

// removeSeeds removes a folder of several seeds of which nothing is left but their summary.
func removeSeeds(root *os.Root, folder string) {
	if folder == "." {
		return
	}
	f, err := root.Open(folder)
	if err != nil {
		return
	}
	names, err := f.Readdirnames(2)
	f.Close()
	switch {
	case len(names) == 0 && errors.Is(err, io.EOF):
		_ = root.Remove(folder)
	case len(names) == 1 && names[0] == reports.SummaryFile:
		text, err := root.ReadFile(path.Join(folder, reports.SummaryFile))
		var head struct {
			Schema string `json:"schema"`
		}
		if err == nil && json.Unmarshal(text, &head) == nil && head.Schema == spread.Schema {
			_ = root.RemoveAll(folder)
		}
	}
}
