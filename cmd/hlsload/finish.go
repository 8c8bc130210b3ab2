package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hlsload/reports"
	"hlsload/reports/page"
	"hlsload/reports/record"
	"hlsload/scenarios/redact"
)

// output is where results go.
type output struct {
	dir      string
	events   bool
	progress string
}

func (o *output) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.dir, "out", "", "directory of the results (default hlsload-out/<name>-<time>)")
	f.BoolVar(&o.events, "events", false, "write every player event to events.ndjson")
	f.StringVar(&o.progress, "progress", progressAuto, "auto, bar, plain or none")
}

// make creates the directory of the results.
func (o *output) make(name string, now time.Time) error {
	if o.dir == "" {
		o.dir = filepath.Join("hlsload-out", name+"-"+now.Format("20060102-150405"))
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return &exitError{exitUsage, fmt.Sprintf("creating the directory of the results: %v", err), err}
	}
	return nil
}

// eventFile is events.ndjson; the zero value is none.
type eventFile struct {
	log  *record.EventLog
	file *os.File
}

// openEvents opens the event log if one is wanted.
func openEvents(out *output) (eventFile, error) {
	if !out.events {
		return eventFile{}, nil
	}
	f, err := os.Create(filepath.Join(out.dir, "events.ndjson"))
	if err != nil {
		return eventFile{}, &exitError{exitUsage, fmt.Sprintf("creating the event file: %v", err), err}
	}
	return eventFile{record.NewEventLog(f, 0), f}, nil
}

func (e *eventFile) close() error {
	if e.log == nil {
		return nil
	}
	err := e.log.Flush()
	if err2 := e.file.Close(); err == nil {
		err = err2
	}
	if err != nil {
		return fmt.Errorf("writing the event file: %w", err)
	}
	return nil
}

// finish writes the results without what hide takes out of their texts, tells
// the verdict, and returns it as exit code.
func finish(cmd *cobra.Command, s *reports.Summary, out *output, events *eventFile, hide func(string) string) error {
	redact.Strings(s, hide, histograms)
	return conclude(cmd, s, out.dir, s.ExitCode, errors.Join(events.close(), page.Write(out.dir, s)))
}

// conclude tells the verdict and returns the exit code. That files could not
// be written, because a disk is full, hides neither: what may be left on AWS is
// told here, and the verdict is worth more than the exit code of the disk.
func conclude(cmd *cobra.Command, s *reports.Summary, dir string, code int, unwritten error) error {
	if unwritten != nil {
		unwritten = fmt.Errorf("writing the results (they are incomplete; the verdict above stands): %w", unwritten)
	}
	if err := tell(cmd, s, dir); err != nil && !errors.Is(err, syscall.EPIPE) {
		unwritten = errors.Join(unwritten, err)
	}
	switch {
	case code != 0 && unwritten != nil:
		return &exitError{code, unwritten.Error(), unwritten}
	case code != 0:
		return &exitError{code: code}
	}
	return internal(unwritten)
}

// histograms is the type of what holds encoded histograms, which are no text.
const histograms = "Dist"

// tell prints the summary for people.
func tell(cmd *cobra.Command, s *reports.Summary, dir string) error {
	w := cmd.OutOrStdout()
	o := page.TextOptions{Dir: dir, Width: 100}
	if terminal(w) {
		o.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(w.(*os.File).Fd())); err == nil {
			o.Width = min(max(width, 60), 120)
		}
	}
	return page.WriteText(s, w, o)
}
