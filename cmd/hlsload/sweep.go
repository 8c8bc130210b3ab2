package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos/aws"
	"hlsload/reports"
	"hlsload/run/cloud"
	"hlsload/scenarios"
)

func sweepCommand(on network) *cobra.Command {
	var yes, asJSON bool
	var run string
	cmd := awsCommand("sweep", "Find what earlier runs have left on AWS, and with --yes remove it", func(cmd *cobra.Command, sc *scenarios.Scenario, _ string) error {
		fail := func(err error) error { return &exitError{reports.ExitFault, sc.Redact(err.Error()), err} }
		a, err := cloud.Open(cmd.Context(), sc.AWS, on.aws)
		if err != nil {
			return fail(err)
		}
		if err := a.Identify(cmd.Context()); err != nil {
			return fail(err)
		}
		left, err := aws.Leftovers(cmd.Context(), a.Drivers)
		s := &sweeping{w: cmd.OutOrStdout(), redact: sc.Redact, run: run, yes: yes, asJSON: asJSON}
		if err := errors.Join(err, s.sweep(cmd, left)); err != nil {
			return errors.Join(fail(err), s.document(cmd, err))
		}
		return s.document(cmd, nil)
	})
	cmd.Long = `sweep searches all resources that the section aws of a scenario names for marks of
earlier runs: schedule actions, policy statements, tags. It needs no journal, but
a journal knows more: prefer hlsload undo where there is one.

Without --yes it only lists what it found. With --yes it removes the marks and the
changes that they stand for. Marks of runs that are still in progress are listed
and removed as well.`
	cmd.Flags().BoolVar(&yes, "yes", false, "remove what is found")
	cmd.Flags().StringVar(&run, "run", "", "only what the run with this `ID` left behind")
	jsonFlag(cmd, &asJSON, "what was found")
	return cmd
}

// sweeping is a search for what earlier runs have left.
type sweeping struct {
	w           io.Writer
	redact      func(string) string
	run         string // "" = of all runs
	yes, asJSON bool
	found       []leftItem
}

// swept is the document of sweep --json.
type swept struct {
	Schema string     `json:"schema"` // hlsload.sweep/v1
	Left   []leftItem `json:"left"`
	Error  string     `json:"error"` // "" = there is none
}

// leftItem is something that an earlier run has left.
type leftItem struct {
	Run     string `json:"run"`
	Service string `json:"service"`
	Target  string `json:"target"`
	What    string `json:"what"`
	Expires string `json:"expires"` // when it ends or ended by itself; "" = it stays
	State   string `json:"state"`   // found, removed, kept or failed
}

func (s *sweeping) say(format string, args ...any) {
	if !s.asJSON {
		fmt.Fprintf(s.w, format, args...)
	}
}

// document prints the document, if one was asked for.
func (s *sweeping) document(cmd *cobra.Command, err error) error {
	if !s.asJSON {
		return nil
	}
	return printJSON(cmd, swept{"hlsload.sweep/v1", append([]leftItem{}, s.found...), because(err, s.redact)})
}

// sweep prints what was left behind and, with yes, removes it.
func (s *sweeping) sweep(cmd *cobra.Command, left []aws.Leftover) error {
	var problems []error
	failed := map[string]bool{} // runs of which something could not be removed
	for _, l := range left {
		if s.run != "" && l.Run != s.run {
			continue
		}
		s.found = append(s.found, leftItem{Run: l.Run, Service: l.Service, Target: s.redact(l.Target), What: s.redact(l.What), Expires: instant(l.Expires), State: "found"})
		item := &s.found[len(s.found)-1]
		s.say("%s\n", s.redact(fmt.Sprintf("run %s: %s: %s, %s", l.Run, l.Target, l.What, expiry(l.Expires, time.Now()))))
		if !s.yes {
			continue
		}
		if l.Watchdog && failed[l.Run] {
			item.State = "kept"
			s.say("  kept: this watchdog undoes what could not be removed\n")
			continue
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), cloud.Limit)
		err := l.Remove(ctx)
		cancel()
		if err != nil {
			item.State = "failed"
			s.say("  not removed\n")
			failed[l.Run] = true
			problems = append(problems, fmt.Errorf("%s: %s: %w", l.Target, l.What, err))
			continue
		}
		item.State = "removed"
		s.say("  removed\n")
	}
	switch {
	case len(s.found) == 0:
		s.say("nothing was left behind\n")
	case !s.yes:
		s.say("remove it with: hlsload sweep --yes %s\n", strings.Join(cmd.Flags().Args(), " "))
	}
	return errors.Join(problems...)
}

// instant is a time for scripts; "" = there is none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// expiry says when a leftover ends by itself.
func expiry(at, now time.Time) string {
	switch {
	case at.IsZero():
		return "stays until it is removed"
	case at.After(now):
		return fmt.Sprintf("ends by itself in %v", at.Sub(now).Round(time.Second))
	}
	return fmt.Sprintf("ended by itself %v ago", now.Sub(at).Round(time.Second))
}
