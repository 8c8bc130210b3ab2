package client

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"

	"hlsload/chaos"
)

// framing is how the end of a body is found (RFC 9112 section 6).
type framing struct {
	length  int64 // Content-Length; -1 = none
	chunked bool
	close   bool // the connection is closed after the answer
	none    bool // there is no body
}

// headReader reads the head of an answer, line by line and within bounds.
type headReader struct {
	br    *bufio.Reader
	long  []byte // a line longer than the buffer
	total int
}

// line returns the next line without its end. It is valid until the next call.
func (h *headReader) line() ([]byte, error) {
	line, err := h.br.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		h.long = append(h.long[:0], line...)
		for err == bufio.ErrBufferFull {
			if h.total+len(h.long) > maxHead {
				return nil, fmt.Errorf("%w: head too long (got more than %d bytes)", errHead, maxHead)
			}
			line, err = h.br.ReadSlice('\n')
			h.long = append(h.long, line...)
		}
		line = h.long
	}
	h.total += len(line)
	if err != nil {
		return nil, err
	}
	if h.total > maxHead {
		return nil, fmt.Errorf("%w: head too long (got more than %d bytes)", errHead, maxHead)
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// readHead reads the head of the final answer to a request. nothing reports whether
// no byte was received but of interim answers that say what holds it back: a player
// that does not ask would have received none.
func readHead(br *bufio.Reader, req *Request, res *Response) (f framing, nothing bool, err error) {
	h := headReader{br: br}
	nothing = true
	for range maxInterim + 1 {
		if _, err = br.Peek(1); err != nil {
			return f, nothing, err
		}
		if f, err = h.read(res); err != nil {
			return f, false, err
		}
		switch {
		case res.Status == http.StatusSwitchingProtocols:
			return f, false, fmt.Errorf("%w: status 101 (want no change of protocol)", errHead)
		case res.Status < 200:
			nothing = interim(req.Held, res.Status, res.Marks) && nothing
			*res = newResponse(req)
			continue
		case req.Method == "HEAD" || res.Status == http.StatusNoContent || res.Status == http.StatusNotModified:
			f.none = true
		}
		switch res.Size = f.length; {
		case f.chunked:
			res.Size = -1
		case f.none && req.Method != "HEAD":
			res.Size = 0
		}
		return f, false, nil
	}
	return f, false, errInterim
}

// interim takes an interim answer. If it says what holds the final answer back, and
// that was asked for, it hands that over and reports true.
func interim(held func(chaos.Marks), status int, marks chaos.Marks) bool {
	if held == nil || status != http.StatusEarlyHints || marks == 0 {
		return false
	}
	held(marks)
	return true
}

// read reads one head.
func (h *headReader) read(res *Response) (framing, error) {
	f := framing{length: -1}
	line, err := h.line()
	if err != nil {
		return f, err
	}
	old, ok := parseStatus(line, res)
	if !ok {
		return f, fmt.Errorf("%w: bad status line (got %.60q; want HTTP/1.1 and a status)", errHead, line)
	}
	f.close = old
	for n := 0; ; n++ {
		if line, err = h.line(); err != nil {
			return f, err
		}
		if len(line) == 0 {
			return f, nil
		}
		if n == maxFields {
			return f, fmt.Errorf("%w: too many header fields (want at most %d)", errHead, maxFields)
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue // the continuation of a field that is not needed (RFC 9112 5.2)
		}
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 || line[colon-1] == ' ' {
			return f, fmt.Errorf("%w: bad header field (got %.60q; want name: value)", errHead, line)
		}
		name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
		if err := f.note(name, value); err != nil {
			return f, err
		}
		res.note(name, value)
	}
}

// parseStatus reads "HTTP/1.1 200 OK"; old reports whether the version is 1.0.
func parseStatus(line []byte, res *Response) (old, ok bool) {
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || line[8] != ' ' || (len(line) > 12 && line[12] != ' ') {
		return false, false
	}
	status := 0
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return false, false
		}
		status = status*10 + int(c-'0')
	}
	res.Status = status
	return line[7] == '0', status >= 100 && (line[7] == '0' || line[7] == '1')
}

func (f *framing) note(name, value []byte) error {
	switch {
	case is(name, "content-length"):
		n, ok := parseLength(value)
		if !ok || f.length >= 0 && f.length != n {
			return fmt.Errorf("%w: Content-Length (got %.40q)", errHead, value)
		}
		f.length = n
	case is(name, "transfer-encoding"):
		switch {
		case is(value, "chunked"):
			f.chunked = true
		case !is(value, "identity"):
			return fmt.Errorf("%w: Transfer-Encoding (got %.40q; want chunked)", errHead, value)
		}
	case is(name, "connection"):
		switch {
		case bytes.Contains(bytes.ToLower(value), []byte("close")):
			f.close = true
		case bytes.Contains(bytes.ToLower(value), []byte("keep-alive")):
			f.close = false
		}
	}
	return nil
}

func parseLength(v []byte) (n int64, ok bool) {
	if len(v) == 0 || len(v) > 18 {
		return 0, false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
