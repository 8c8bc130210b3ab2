package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos/aws"
	"hlsload/reports"
	"hlsload/run/cloud"
	"hlsload/scenarios"
)

func sweepCommand(on network) *cobra.Command {
	var yes bool
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
		if err := errors.Join(err, sweep(cmd, sc.Redact, left, run, yes)); err != nil {
			return fail(err)
		}
		return nil
	})
	cmd.Long = `sweep searches all resources that the section aws of a scenario names for marks of
earlier runs: schedule actions, policy statements, tags. It needs no journal, but
a journal knows more: prefer hlsload undo where there is one.

Without --yes it only lists what it found. With --yes it removes the marks and the
changes that they stand for. Marks of runs that are still in progress are listed
and removed as well.`
	cmd.Flags().BoolVar(&yes, "yes", false, "remove what is found")
	cmd.Flags().StringVar(&run, "run", "", "only what the run with this `ID` left behind")
	return cmd
}

// sweep prints what was left behind and, with yes, removes it.
func sweep(cmd *cobra.Command, redact func(string) string, left []aws.Leftover, run string, yes bool) error {
	w := cmd.OutOrStdout()
	var problems []error
	found := 0
	failed := map[string]bool{} // runs of which something could not be removed
	for _, l := range left {
		if run != "" && l.Run != run {
			continue
		}
		found++
		fmt.Fprintf(w, "%s\n", redact(fmt.Sprintf("run %s: %s: %s, %s", l.Run, l.Target, l.What, expiry(l.Expires, time.Now()))))
		if !yes {
			continue
		}
		if l.Watchdog && failed[l.Run] {
			fmt.Fprintln(w, "  kept: this watchdog undoes what could not be removed")
			continue
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), cloud.Limit)
		err := l.Remove(ctx)
		cancel()
		if err != nil {
			fmt.Fprintln(w, "  not removed")
			failed[l.Run] = true
			problems = append(problems, fmt.Errorf("%s: %s: %w", l.Target, l.What, err))
			continue
		}
		fmt.Fprintln(w, "  removed")
	}
	switch {
	case found == 0:
		fmt.Fprintln(w, "nothing was left behind")
	case !yes:
		fmt.Fprintf(w, "remove it with: hlsload sweep --yes %s\n", strings.Join(cmd.Flags().Args(), " "))
	}
	return errors.Join(problems...)
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
