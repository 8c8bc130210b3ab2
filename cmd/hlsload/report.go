package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/reports/page"
	"hlsload/stage"
)

func reportCommand() *cobra.Command {
	var logs []string
	var fields string
	cmd := &cobra.Command{
		Use:   "report DIR",
		Short: "Write the reports of a finished run again, with what access logs have of it",
		Long: `report writes the reports of a finished run again. With --logs it joins the CDN's
access logs to them first: CloudFront's standard logs (v1; v2 as w3c, json or
plain) or real-time log records, packed with gzip or not. Requests of this run
are known by the session id of CMCD (fleet.cmcd), else by the User-Agent.`,
		Args: takes("DIR"),
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
			if len(logs) > 0 {
				if err := joinLogs(s, logs, fields); err != nil {
					return err
				}
			}
			secrets.Keep(s.Scenario.File)
			stage.Hide(s, secrets) // the summary may come from another version of hlsload
			return conclude(cmd, s, args[0], 0, page.Write(args[0], s))
		},
	}
	cmd.Flags().StringArrayVar(&logs, "logs", nil, "file of an access log; repeatable")
	cmd.Flags().StringVar(&fields, "log-fields", "", "names of the columns of --logs in order, with commas between them, where a file does not tell")
	return cmd
}
