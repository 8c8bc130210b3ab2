package page

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hlsload/reports"
	"hlsload/reports/document"
)

// Write writes the result files into dir, which is created when it does not
// exist. Each file is complete or not there: a reader never sees half of one.
func Write(dir string, s *reports.Summary) error { return WriteAfter(dir, s, nil) }

// WriteAfter is [Write] for a run with a history; nil = it has none.
func WriteAfter(dir string, s *reports.Summary, before *Earlier) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write reports: %w", err)
	}
	var problems []error
	for _, f := range []struct {
		name  string
		write func(*reports.Summary, io.Writer) error
	}{{reports.SummaryFile, (*reports.Summary).WriteJSON}, {reports.HTMLFile, func(s *reports.Summary, w io.Writer) error { return writeHTML(s, before, w) }}, {reports.JUnitFile, WriteJUnit},
		{reports.MarkdownFile, func(s *reports.Summary, w io.Writer) error { return writeMarkdown(s, before, w) }}} {
		if err := document.WriteFile(filepath.Join(dir, f.name), func(w io.Writer) error { return f.write(s, w) }); err != nil { // another, smaller one may fit
			problems = append(problems, fmt.Errorf("write reports: %w", err))
		}
	}
	if problems == nil {
		_ = os.Remove(filepath.Join(dir, reports.CheckpointFile)) // most runs have none
		if !s.Unfinished() {
			_ = os.Remove(filepath.Join(dir, reports.ResumeFile))
			_ = os.Remove(filepath.Join(dir, reports.PartFile))
		}
	}
	return errors.Join(problems...)
}

// WriteCheckpoint keeps the summary so far of a run that goes on.
func WriteCheckpoint(dir string, s *reports.Summary) error {
	return document.WriteFile(filepath.Join(dir, reports.CheckpointFile), s.WriteJSON)
}
