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

// place names the directory of the results, if no flag did.
func (o *output) place(name string, now time.Time) {
	if o.dir == "" {
		o.dir = filepath.Join("hlsload-out", name+"-"+now.Format("20060102-150405"))
	}
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
