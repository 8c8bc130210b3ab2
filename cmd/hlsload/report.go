package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/reports/accesslog"
	"hlsload/stage"
)

func reportCommand() *cobra.Command {
	var logs []string
	var fields string
	var show detail
	cmd := &cobra.Command{
		Use:   "report DIR",
		Short: "Write the reports of a finished run again; --logs adds what access logs say about it",
		Long: `report writes the reports of a finished run again. With --logs it joins the CDN's
access logs to them first: CloudFront's standard logs (v1; v2 as w3c, json or
plain) or real-time log records, gzipped or not. Requests of this run are
recognised by the session id of CMCD (fleet.cmcd), else by the User-Agent.`,
		Args: takes("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			secrets := secretsOf(cmd.Context())
			secrets.Keep(args[0])
			s, err := reports.Read(args[0])
			switch {
			case errors.As(err, new(*fs.PathError)):
				return &exitError{exitUsage, fmt.Sprintf("reading the results (got %q; want the directory of a finished run): %v", args[0], err), err}
			case err != nil:
				return &exitError{exitUsage, err.Error(), err}
			}
			if len(logs) > 0 {
				if err := joinLogs(s, logs, fields); err != nil {
					return err
				}
			}
			secrets.Keep(s.Scenario.File)
			stage.Hide(s, secrets) // the summary may come from another version of hlsload
			return (&output{dir: args[0], detail: show}).conclude(cmd, s, 0, nil)
		},
	}
	cmd.Flags().StringArrayVar(&logs, "logs", nil, "`FILE` of an access log; repeatable")
	cmd.Flags().StringVar(&fields, "log-fields", "", "`NAMES` of the columns of --logs in order, separated by commas, for files that do not name them")
	show.register(cmd)
	return cmd
}

// joinLogs reads access logs and joins them to a run.
func joinLogs(s *reports.Summary, files []string, fields string) error {
	l, err := accesslog.NewLogs(s)
	if err != nil {
		return &exitError{exitUsage, err.Error(), err}
	}
	o := accesslog.Options{Fields: strings.FieldsFunc(fields, func(r rune) bool { return r == ',' || r == ' ' })}
	for _, name := range files {
		f, err := os.Open(name)
		if err == nil {
			err = l.Read(name, f, o)
			f.Close()
		}
		if err != nil {
			return &exitError{exitUsage, fmt.Sprintf("joining access logs: %v", err), err}
		}
	}
	l.Join(s)
	return nil
}
