package main

import (
	"fmt"
	"os"
	"strings"

	"hlsload/reports"
	"hlsload/reports/accesslog"
)

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
