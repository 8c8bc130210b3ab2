package reports

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The files of a run (contract section 4). The journal and the events are
// written while it goes on, by others.
const (
	SummaryFile  = "summary.json"
	HTMLFile     = "report.html"
	JUnitFile    = "junit.xml"
	MarkdownFile = "summary.md"
	EventsFile   = "events.ndjson"
	JournalFile  = "journal.ndjson"
)

// Write writes the result files into dir, which is created when it does not
// exist. Each file is complete or not there: a reader never sees half of one.
func Write(dir string, s *Summary) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write reports: %w", err)
	}
	var problems []error
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{{SummaryFile, s.WriteJSON}, {HTMLFile, s.WriteHTML}, {JUnitFile, s.WriteJUnit}, {MarkdownFile, s.WriteMarkdown}} {
		if err := writeFile(filepath.Join(dir, f.name), f.write); err != nil { // another, smaller one may fit
			problems = append(problems, fmt.Errorf("write reports: %w", err))
		}
	}
	return errors.Join(problems...)
}

func writeFile(path string, write func(io.Writer) error) error {
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

// Read reads the summary of a finished run from its directory.
func Read(dir string) (*Summary, error) {
	f, err := os.Open(filepath.Join(dir, SummaryFile))
	if err != nil {
		return nil, fmt.Errorf("read summary: %w", err)
	}
	defer f.Close()
	return ReadJSON(bufio.NewReaderSize(f, 1<<16))
}
