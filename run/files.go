package run

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"hlsload/reports"
	"hlsload/reports/record"
)

// Events is events.ndjson. Without a file, there is no log.
type Events struct {
	Log    *record.EventLog // nil = events are not written
	file   *os.File
	failed bool // which was said
}

// CreateEvents creates the file in the directory of the results, if events are
// wanted.
func CreateEvents(dir string, wanted bool) (*Events, error) {
	if !wanted {
		return &Events{}, nil
	}
	f, err := os.Create(filepath.Join(dir, reports.EventsFile))
	if err != nil {
		return nil, fmt.Errorf("creating the event file: %w", err)
	}
	return &Events{Log: record.NewEventLog(f, 0), file: f}, nil
}

// AppendEvents goes on with the file of a run whose machine was lost. A line that was cut
// off is dropped.
func AppendEvents(dir string, wanted bool) (*Events, error) {
	if !wanted {
		return &Events{}, nil
	}
	f, err := os.OpenFile(filepath.Join(dir, reports.EventsFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err == nil {
		var end int64
		if end, err = lastLine(f); err == nil {
			err = f.Truncate(end)
		}
		if err == nil {
			_, err = f.Seek(end, io.SeekStart)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("opening the event file: %w", err)
	}
	return &Events{Log: record.NewEventLog(f, 0), file: f}, nil
}

// lastLine is the end of the last whole line of a file.
func lastLine(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	b := make([]byte, 1<<16)
	for at := info.Size(); at > 0; {
		n := min(at, int64(len(b)))
		if _, err := f.ReadAt(b[:n], at-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			return at - n + int64(i) + 1, nil
		}
		at -= n
	}
	return 0, nil
}

// Rest writes what is buffered. If the file is incomplete, it returns a warning: events
// are an extra, without which the results stand.
func (e *Events) Rest() []string {
	if e.Log == nil {
		return nil
	}
	if err := e.Log.Flush(); err != nil {
		e.failed = true
		return []string{fmt.Sprintf("%s is incomplete: %v", reports.EventsFile, err)}
	}
	return nil
}

// Close writes what is buffered.
func (e *Events) Close() error {
	if e.Log == nil {
		return nil
	}
	if err := errors.Join(e.Log.Flush(), e.file.Close()); err != nil && !e.failed {
		return fmt.Errorf("writing the event file: %w", err)
	}
	return nil
}

// EdgeLog is an access log that the embedded channel's edges write. Without a
// file, nothing is written.
type EdgeLog struct {
	file *os.File
	mu   sync.Mutex
	buf  *bufio.Writer
}

// CreateEdgeLog creates the file; "" = there is none.
func CreateEdgeLog(name string) (*EdgeLog, error) {
	if name == "" {
		return &EdgeLog{}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("creating the edge log: %w", err)
	}
	return &EdgeLog{file: f, buf: bufio.NewWriterSize(f, 64<<10)}, nil
}

// openEdgeLog opens the access log if one is wanted.
func (r *live) openEdgeLog() (*EdgeLog, error) {
	if r.cfg.EdgeLog != "" && r.sc.Target.Rig == nil {
		return nil, &Error{Usage, "only the embedded channel writes an edge log (got --edge-log and target.url; want report --logs with the CDN's)", nil}
	}
	log, err := CreateEdgeLog(r.cfg.EdgeLog)
	if err != nil {
		return nil, &Error{Usage, err.Error(), err}
	}
	return log, nil
}

// Writer takes the lines; nil = there is no log.
func (l *EdgeLog) Writer() io.Writer {
	if l.file == nil {
		return nil
	}
	return l
}

func (l *EdgeLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// Close writes what is buffered.
func (l *EdgeLog) Close() error {
	if l.file == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.buf.Flush(), l.file.Close()); err != nil {
		return fmt.Errorf("writing the edge log: %w", err)
	}
	return nil
}
