package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"hlsload/reports"
	"hlsload/reports/accesslog"
)

// accessFile is an access log that the embedded channel writes; the zero value
// is none.
type accessFile struct {
	file *os.File
	mu   sync.Mutex
	buf  *bufio.Writer
}

func openAccessFile(name string) (*accessFile, error) {
	if name == "" {
		return &accessFile{}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Sprintf("creating the edge log: %v", err), err}
	}
	return &accessFile{file: f, buf: bufio.NewWriterSize(f, 64<<10)}, nil
}

// openEdgeLog opens the access log if one is wanted.
func (r *realRun) openEdgeLog() (*accessFile, error) {
	if r.edgeLog != "" && r.sc.Target.Rig == nil {
		return nil, &exitError{code: exitUsage, msg: "only the embedded channel writes an edge log (got --edge-log and target.url; want report --logs with the CDN's)"}
	}
	return openAccessFile(r.edgeLog)
}

// writer is where lines go; nil = nowhere.
func (a *accessFile) writer() io.Writer {
	if a.file == nil {
		return nil
	}
	return a
}

func (a *accessFile) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.buf.Write(b)
}

// close writes what waits.
func (a *accessFile) close() error {
	if a.file == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.buf.Flush()
	if cerr := a.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("writing the edge log: %w", err)
	}
	return nil
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
