package page

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hlsload/reports"
)

// Write writes the result files into dir, which is created when it does not
// exist. Each file is complete or not there: a reader never sees half of one.
func Write(dir string, s *reports.Summary) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write reports: %w", err)
	}
	var problems []error
	for _, f := range []struct {
		name  string
		write func(*reports.Summary, io.Writer) error
	}{{reports.SummaryFile, (*reports.Summary).WriteJSON}, {reports.HTMLFile, WriteHTML}, {reports.JUnitFile, WriteJUnit}, {reports.MarkdownFile, WriteMarkdown}} {
		if err := WriteFile(filepath.Join(dir, f.name), func(w io.Writer) error { return f.write(s, w) }); err != nil { // another, smaller one may fit
			problems = append(problems, fmt.Errorf("write reports: %w", err))
		}
	}
	if problems == nil {
		_ = os.Remove(filepath.Join(dir, reports.CheckpointFile)) // most runs have none
	}
	return errors.Join(problems...)
}

// WriteCheckpoint keeps the summary so far of a run that goes on.
func WriteCheckpoint(dir string, s *reports.Summary) error {
	return WriteFile(filepath.Join(dir, reports.CheckpointFile), s.WriteJSON)
}

// WriteFile writes a file that is complete or not there; it replaces an earlier one.
func WriteFile(path string, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	b := bufio.NewWriterSize(tmp, 1<<16)
	err = write(b)
	if err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
