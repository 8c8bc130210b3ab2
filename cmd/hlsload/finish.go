package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/page"
	"hlsload/run"
	"hlsload/scenarios"
	"hlsload/stage"
	"hlsload/system"
)

// output is where results go.
type output struct {
	dir      string
	events   bool
	progress string
	live     string // address of the report while the run goes on; "" = none
	metrics  metrics
	machines machines // that carry the players
	retry    retry
	onFinish onFinish
	history  keeping
	detail
}

// detail is how much is printed of a summary.
type detail struct{ verbose, quiet, json bool }

func (d *detail) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&d.verbose, "verbose", "v", false, "print all tables")
	f.BoolVar(&d.quiet, "quiet", false, "print the verdict only, and no progress unless --progress asks for it")
	f.BoolVar(&d.json, "json", false, "print summary.json and nothing else on stdout")
	cmd.MarkFlagsMutuallyExclusive("verbose", "quiet", "json")
}

func (o *output) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.dir, "out", "", "write the results to the directory `DIR` (default hlsload-out/<name>-<time>)")
	f.BoolVar(&o.events, "events", false, "write every player event to events.ndjson")
	f.StringVar(&o.progress, "progress", "", "show progress as `KIND`: auto, bar, plain or none (default auto)")
	completes(cmd, "progress", progressKinds)
	o.history.register(cmd)
	o.detail.register(cmd)
	o.onFinish.register(cmd)
}

// shows is how progress is shown: as the flags say, else as HLSLOAD_PROGRESS does.
func (o *output) shows() string {
	if o.quiet {
		return cmp.Or(o.progress, progressNone)
	}
	return cmp.Or(o.progress, os.Getenv("HLSLOAD_PROGRESS"), progressAuto)
}

// place chooses the directory of the results, if no flag did. It refuses one that holds
// the files of an earlier run: they would be lost, and with the journal the way to undo
// what that run left behind.
func (o *output) place(name string, now time.Time) (err error) {
	if o.history.dir != "" {
		if o.dir, err = o.history.place(o.dir, name, now); err != nil {
			return err
		}
	}
	if o.dir != "" {
		if file := holds(o.dir); file != "" {
			return forbidden(fmt.Errorf("directory of the results: %s has %s of an earlier run (want --out with a new directory, or none)", o.dir, file))
		}
		o.retry.look(o.dir)
		return nil
	}
	first := filepath.Join("hlsload-out", name+"-"+now.Format("20060102-150405"))
	o.dir = first
	for i := 2; holds(o.dir) != ""; i++ {
		o.dir = fmt.Sprintf("%s-%d", first, i)
	}
	o.retry.look(o.dir)
	return nil
}

// holds is a file of a run that a directory has; "" = none, or those of a run that
// never began.
func holds(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, reports.JournalFile)); err != nil {
		if s, err := reports.Read(dir); err == nil && s.Verdict == reports.Void && s.DurationS == 0 {
			return ""
		}
	}
	for _, name := range []string{reports.JournalFile, reports.SummaryFile, reports.CheckpointFile, reports.EventsFile, reports.PlayersFile, reports.HTMLFile, reports.JUnitFile, reports.MarkdownFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// conclude prints the verdict, writes the result files and returns the exit code. The
// verdict comes first: a full disk must not lose it, nor what the text says about AWS.
// late is what could not be written during the run.
func (o *output) conclude(cmd *cobra.Command, s *reports.Summary, code int, late error) error {
	w := cmd.OutOrStdout()
	text := o.text(w)
	o.history.mark(s, secretsOf(cmd.Context()))
	if r := restOf(cmd.Context()).repeats; r != nil {
		s.Repeats = r
	}
	var printed error
	if !o.json {
		printed = page.WriteText(s, w, text)
	}
	repeat := o.leave(cmd, s)
	if o.json && !repeat { // else the repetition prints the one JSON that is to be on stdout
		printed = s.WriteJSON(w)
	}
	unwritten := errors.Join(late, o.write(printable{cmd.ErrOrStderr()}, s))
	o.onFinish.knows(s.Scenario.Name, s.Verdict, s.Reason())
	if unwritten != nil {
		unwritten = fmt.Errorf("writing the results (they are incomplete; the verdict above stands): %w", unwritten)
	}
	if !o.json && !o.quiet {
		if before := o.history.went; before != nil {
			line := before.Line()
			if before.Worse && o.history.dir != "" {
				line += "; hlsload compare " + o.history.dir + " " + o.dir + " says more"
			}
			_, err := io.WriteString(printable{w}, document.Wrap(line, "", text.Width))
			printed = errors.Join(printed, err)
		}
		printed = errors.Join(printed, page.WriteEnd(s, w, o.dir, text))
	}
	if printed != nil && !system.IsClosedPipe(printed) {
		unwritten = errors.Join(unwritten, printed)
	}
	return concluded(code, unwritten)
}

// leave reports whether a run is repeated. Its files are out of the way then, in a folder of
// their own.
func (o *output) leave(cmd *cobra.Command, s *reports.Summary) bool {
	if !o.retry.wants(cmd, s, o.dir) {
		return false
	}
	dir := o.dir
	name, err := o.retry.setAside(dir)
	if err != nil {
		fmt.Fprintf(printable{cmd.ErrOrStderr()}, "hlsload: not repeated: its files cannot be moved out of the way: %v\n", err)
		return false
	}
	restOf(cmd.Context()).again = &repetition{reports.Repeated{ExitCode: s.ExitCode, Reason: s.Reason(), Dir: name}, dir, o.retry.pause}
	o.dir = filepath.Join(dir, name)
	return true
}

// write writes the result files, and adds the run to its history. A history that cannot be
// read or written keeps no result from being written.
func (o *output) write(said io.Writer, s *reports.Summary) error {
	before, err := o.history.before(o.dir, s)
	o.history.went = before
	return errors.Join(err, page.WriteAfter(o.dir, s, before), o.history.add(said, o.dir, s))
}

// concluded is the error of a run with a verdict. A verdict other than PASS comes before
// what could not be written.
func concluded(code int, unwritten error) error {
	switch {
	case code != 0 && unwritten != nil:
		return &exitError{code, unwritten.Error(), unwritten}
	case code != 0:
		return &exitError{code: code}
	}
	return internal(unwritten)
}

// text is how the summary is printed.
func (o *output) text(w io.Writer) page.TextOptions {
	t := page.TextOptions{Width: columns(w)}
	switch {
	case o.verbose:
		t.Detail = page.Full
	case o.quiet:
		t.Detail = page.VerdictOnly
	}
	t.Color = terminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return t
}

// columns is how wide the summary may be: as COLUMNS says, else as the terminal is.
func columns(w io.Writer) int {
	const narrowest, widest, usual = 40, 120, 100
	width := usual
	if terminal(w) {
		if n, _, err := term.GetSize(int(w.(*os.File).Fd())); err == nil {
			width = n
		}
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		width = n
	}
	return min(max(width, narrowest), widest)
}

// unbegun writes the result files of a run that was void before it began, for what reads
// them, prints summary.json where that is asked for, and adds to the error what helps. Other errors stay as they are.
func (o *output) unbegun(cmd *cobra.Command, sc *scenarios.Scenario, err error) error {
	var refused *run.Error
	if !errors.As(err, &refused) || refused.Kind != run.Unreachable && refused.Kind != run.Cloud && refused.Kind != run.Lost {
		return err
	}
	why := strings.TrimPrefix(refused.Text, "void: ")
	now := time.Now().UTC().Format(time.RFC3339)
	s := &reports.Summary{Schema: reports.Schema, Scenario: stage.Scenario(sc), Seed: sc.Seed, Mode: reports.ModeRun, Target: stage.Target(sc), Build: build(),
		Started: now, Ended: now, Verdict: reports.Void, VoidReason: why, ExitCode: codes[refused.Kind], Warnings: []string{}, Expectations: []reports.ExpectationResult{}, Known: []reports.KnownResult{}, Faults: []reports.FaultSummary{},
		Cohorts: map[string]*reports.CohortSummary{}, Profiles: map[string]reports.ProfileSummary{}, Requests: map[string]*reports.RequestSummary{}, Timeline: []reports.Row{}, Origin: reports.OriginSummary{Source: reports.FromNowhere},
		WhatHelps: []string{"hlsload probe URL shows what a player makes of the stream, once the address answers"}}
	s.Key = stage.Key(sc, s.Mode, s.Build, o.machines.carriers())
	switch refused.Kind {
	case run.Cloud:
		s.WhatHelps = []string{"hlsload aws-check " + sc.Name + " shows what the run needs on AWS and does not find"}
	case run.Lost:
		s.WhatHelps = []string{"the lines of each hlsload agent say why it left, or where it looks for the conductor; --wait D gives agents more time to come"}
	}
	s.Repeats = restOf(cmd.Context()).repeats
	stage.Hide(s, sc.Secrets())
	o.history.mark(s, sc.Secrets())
	said := refused.Text + "\nwhat helps: " + strings.Join(s.WhatHelps, "\nwhat helps: ")
	again := o.leave(cmd, s)
	unwritten := o.write(io.Discard, s)
	o.onFinish.knows(s.Scenario.Name, s.Verdict, s.Reason())
	if o.json && !again {
		unwritten = errors.Join(unwritten, s.WriteJSON(cmd.OutOrStdout()))
	}
	if unwritten != nil {
		said += "\nwriting the results: " + unwritten.Error()
	}
	return &exitError{s.ExitCode, said, err}
}
