package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/chaos/command"
	"hlsload/chaos/journal"
	"hlsload/reports"
)

func undoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "undo JOURNAL",
		Short: "Put back whatever an interrupted run left behind",
		Args:  takes("JOURNAL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			done, err := journal.Undo(cmd.Context(), args[0], undoers())
			for _, i := range done.Items {
				what := i.Action
				if i.Err != nil {
					what = fmt.Sprintf("not undone: %v", i.Err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s, occurrence %d: %s: %s\n", i.Line.Name, i.Line.Occurrence, i.Line.Fault, what)
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
}

// undoers put back what each applier may have left. The rig and the players
// ended with the process, and their faults with them.
func undoers() map[chaos.Via]journal.Undoer {
	return map[chaos.Via]journal.Undoer{
		chaos.ViaCommand: func(ctx context.Context, l journal.Line) error {
			return command.Stop(ctx, l.Stop, l.Dir, os.LookupEnv)
		},
	}
}
