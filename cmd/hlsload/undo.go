package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/cloud"
)

func undoCommand(on network) *cobra.Command {
	u := &run.Undoer{AWS: on.aws}
	cmd := &cobra.Command{
		Use:   "undo JOURNAL",
		Short: "Undo the faults that an interrupted run left behind",
		Args:  takes("JOURNAL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			secrets := secretsOf(cmd.Context())
			secrets.Keep(args[0])
			u.Secrets = secrets
			done, err := u.Undo(cmd.Context(), args[0])
			for _, i := range done.Items {
				what := i.Action
				if i.Err != nil {
					what = fmt.Sprintf("not undone: %v", i.Err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s, occurrence %d: %s: %s\n", i.Line.Name, i.Line.Occurrence, i.Line.Fault, secrets.Text(what))
				for k := len(i.Line.Calls) - 1; k >= 0; k-- {
					if c := &i.Line.Calls[k]; c.Undo != "" {
						fmt.Fprintf(cmd.OutOrStdout(), "  %s %s of %s\n    %s\n", c.Service, c.Op, c.Target, c.Undo) // the journal has no secrets
					}
				}
			}
			seen, healErr := u.Heal(cmd.Context())
			for _, what := range seen {
				fmt.Fprintf(cmd.OutOrStdout(), "seen: %s\n", secrets.Text(what))
			}
			if healErr != nil {
				err = errors.Join(err, fmt.Errorf("everything that can be undone was undone, but the channel was not seen healthy again: %w", healErr))
			}
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return &exitError{exitUsage, fmt.Sprintf("no such journal (got %q; want the journal.ndjson of a run)", args[0]), err}
			case err != nil:
				return &exitError{reports.ExitFault, err.Error(), err}
			}
			if len(done.Items) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "nothing was left behind")
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&u.Patience, "wait", cloud.Patience, "retry for `D`, and wait as long until AWS shows that a fault is undone")
	return cmd
}
