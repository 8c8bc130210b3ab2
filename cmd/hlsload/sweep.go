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
)

func sweepCommand(on network) *cobra.Command {
	var o overrides
	var yes bool
	var run string
	cmd := &cobra.Command{
		Use:   "sweep SCENARIO",
		Short: "Find what earlier runs have left on AWS, and with --yes remove it",
		Long: `sweep looks at everything that the section aws of a scenario names for marks of
earlier runs: schedule actions, policy statements, tags. It needs no journal, but
a journal knows more: prefer hlsload undo where there is one.

Without --yes it only tells what it found. With --yes it removes it, and what it
stands for. Marks of runs that are still in progress are listed and removed as
well.`,
		Args:              takes("SCENARIO"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := load(args[0], &o)
			if err != nil {
				return err
			}
			if sc.AWS == nil {
				return &exitError{exitUsage, fmt.Sprintf("%s has no section aws (want aws: {account: …, region: …} and what to look at)", args[0]), nil}
			}
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
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "remove what is found")
	cmd.Flags().StringVar(&run, "run", "", "only what this run has left")
	return cmd
}

// sweep tells what was left, and removes it.
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
			fmt.Fprintln(w, "  not removed: it undoes what could not be removed")
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

// expiry says when something ends by itself.
func expiry(at, now time.Time) string {
	switch {
	case at.IsZero():
		return "stays until it is removed"
	case at.After(now):
		return fmt.Sprintf("ends by itself in %v", at.Sub(now).Round(time.Second))
	}
	return fmt.Sprintf("has ended by itself %v ago", now.Sub(at).Round(time.Second))
}
