package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos/journal"
	"hlsload/reports"
)

// retry is when a void run is repeated, as a flag says.
type retry struct {
	pause time.Duration // before it is; the flag has to be given
	had   []string      // what the directory of the results had before the run
}

const (
	retryFlag    = "retry-void"
	usualPause   = 30 * time.Second
	longestPause = time.Hour
)

func (r *retry) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&r.pause, retryFlag, 0, "repeat a void run once, after a `PAUSE` (30s); a run that fails is never repeated")
	f.Lookup(retryFlag).NoOptDefVal = usualPause.String()
}

// check refuses a pause that is none, and agents that would not be there again.
func (r *retry) check(cmd *cobra.Command) error {
	f := cmd.Flags().Lookup(retryFlag)
	switch {
	case f == nil || !f.Changed:
		return nil
	case cmd.Flags().Changed("resume"):
		return misused("--%s: a run that was gone on with is not repeated (got --resume; want one of the two)", retryFlag)
	case r.pause < 0 || r.pause > longestPause:
		return misused("--%s=%v (want 0s to %v)", retryFlag, r.pause, longestPause)
	case cmd.Flags().Changed("agents"):
		return misused("--%s: agents on other machines end with the run, so that it cannot be repeated (want --agents without it)", retryFlag)
	}
	return nil
}

// look remembers what is in the directory of the results before the run.
func (r *retry) look(dir string) {
	r.had = nil
	entries, _ := os.ReadDir(dir) // most often there is none yet
	for _, e := range entries {
		r.had = append(r.had, e.Name())
	}
}

// wants reports whether a run is to be repeated.
func (r *retry) wants(cmd *cobra.Command, s *reports.Summary, dir string) bool {
	f := cmd.Flags().Lookup(retryFlag)
	if f == nil || !f.Changed || s.Verdict != reports.Void || s.Repeats != nil || cmd.Context() == nil || cmd.Context().Err() != nil {
		return false
	}
	lines, err := journal.Read(filepath.Join(dir, reports.JournalFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) || len(journal.Left(lines)) > 0 {
		fmt.Fprintf(printable{cmd.ErrOrStderr()}, "hlsload: not repeated: a fault may still be on (want hlsload undo %s first)\n", filepath.Join(dir, reports.JournalFile))
		return false
	}
	return true
}

// setAside moves the files of a void run into a folder of their own, where those of its
// repetition do not meet them. It returns the name of the folder.
func (r *retry) setAside(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", err
	}
	name := ""
	for i := 1; ; i++ {
		name = fmt.Sprintf("void-%d", i)
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err == nil {
			break
		} else if !os.IsExist(err) {
			return "", err
		}
	}
	for _, e := range entries {
		if slices.Contains(r.had, e.Name()) {
			continue
		}
		if err := os.Rename(filepath.Join(dir, e.Name()), filepath.Join(dir, name, e.Name())); err != nil {
			return "", err
		}
	}
	return name, nil
}

// repetition is a void run that is to be repeated.
type repetition struct {
	repeated reports.Repeated
	dir      string // of the results of both
	pause    time.Duration
}

// args are the arguments of the repetition.
func (a *repetition) args(args []string) []string {
	end := slices.Index(args, "--")
	if end < 0 {
		end = len(args)
	}
	return slices.Insert(slices.Clone(args), end, "--out="+a.dir) // the last of a flag counts
}

// wait reports whether the pause went by.
func (a *repetition) wait(ctx context.Context) bool {
	timer := time.NewTimer(a.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
