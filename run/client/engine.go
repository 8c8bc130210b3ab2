package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"hlsload/chaos"
	"hlsload/player/cmcd"
	"hlsload/player/credential"
	"hlsload/player/m3u8"
)

// Engine sends the requests of one player and owns its connections. It does not
// follow redirects, keep cookies or decode bodies. Send may be called from several
// goroutines at a time.
type Engine interface {
	// Send sends the request and fills in res once the head of the answer has
	// arrived. After a nil error the caller must close res.Body. The end of the
	// context aborts the request, and the reading of its body.
	Send(ctx context.Context, req *Request, res *Response) error
	// Close closes all connections. Requests in flight fail.
	Close()
}

// Request is one request.
type Request struct {
	Method    string // GET or HEAD
	URL       string // absolute
	UserAgent string
	Range     *m3u8.Range         // nil = the whole resource
	Gzip      bool                // accept a gzip body
	Viewer    string              // Hlsload-Viewer header, "" = none
	Headers   []credential.Header // sent to any host
	// Credentials are sent to the hosts that they are meant for; nil = those of the
	// client.
	Credentials *credential.Set
	CMCD        *cmcd.Report // in headers; nil = none
	Whole       bool         // fill in Response.Header
	// Held, if it is not nil, is called with the faults that hold the answer back, in
	// an interim answer, as soon as they arrive: the final answer, which names its
	// faults itself, may come after the request was aborted. It asks the embedded
	// channel for that in a Hlsload-Held header. It may be called from any goroutine,
	// and by net/http even after an aborted Send has returned.
	Held func(chaos.Marks)

	// The part of the credentials for the host of URL; set by [Client.Do].
	granted []credential.Header
	cookie  string // value of the Cookie header, "" = none
}

// Body is the body of an answer, still encoded.
type Body interface {
	io.ReadCloser
	// Discard reads up to max bytes and drops them. Like Read, it returns as soon as
	// some have arrived, and io.EOF at the end of the body.
	Discard(max int64) (int64, error)
}

// Bounds of the head of an answer.
const (
	maxHead    = 256 << 10 // bytes of a head, as in Chromium
	maxFields  = 1000      // header fields
	maxInterim = 10        // 1xx answers
)

// Errors of engines.
var (
	// errHead is wrapped by errors in the head of an answer.
	errHead    = errors.New("malformed answer")
	errInterim = fmt.Errorf("%w: no final answer (got more than %d interim ones)", errHead, maxInterim)
	// errBody is wrapped by errors in the framing of a body.
	errBody = errors.New("malformed body")
	// errDial is matched by the error of a connection that could not be made.
	errDial   = errors.New("connect")
	errClosed = errors.New("the player has left")
)

// dialError is the error of a connection that could not be made.
type dialError struct{ error }

func (e *dialError) Unwrap() error        { return e.error }
func (e *dialError) Is(target error) bool { return target == errDial }

// drains are buffers for dropped bodies. Reads of 64 KiB take a third of the time of
// io.Copy's 8 KiB.
var drains = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// discard implements Discard by reading.
func discard(r io.Reader, max int64) (int64, error) {
	buf := drains.Get().(*[64 << 10]byte)
	n, err := r.Read(buf[:min(max, int64(len(buf)))])
	drains.Put(buf)
	return int64(n), err
}
