package run

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

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
