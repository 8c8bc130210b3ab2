package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/scenarios/redact"
)

func reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR",
		Short: "Write the reports of a finished run again",
		Args:  takes("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			secrets := secretsOf(cmd.Context())
			secrets.Keep(args[0])
			f, err := os.Open(filepath.Join(args[0], "summary.json"))
			if err != nil {
				return &exitError{exitUsage, fmt.Sprintf("reading the results (got %q; want the directory of a finished run): %v", args[0], err), err}
			}
			defer f.Close()
			s, err := reports.ReadJSON(f)
			if err != nil {
				return &exitError{exitUsage, fmt.Sprintf("%s: %v", f.Name(), err), err}
			}
			secrets.Keep(s.Scenario.File)
			redact.Strings(s, secrets.Text, histograms) // whoever wrote it
			if err := reports.Write(args[0], s); err != nil {
				return internal(err)
			}
			return internal(tell(cmd, s, args[0]))
		},
	}
}
