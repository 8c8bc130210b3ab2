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
		if err := writeFile(filepath.Join(dir, f.name), s, f.write); err != nil { // another, smaller one may fit
			problems = append(problems, fmt.Errorf("write reports: %w", err))
		}
	}
	return errors.Join(problems...)
}

func writeFile(path string, s *reports.Summary, write func(*reports.Summary, io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	b := bufio.NewWriterSize(tmp, 1<<16)
	err = write(s, b)
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
