package client

import (
	"bufio"
	"fmt"
	"io"
)

// leanBody is the body of an answer on a lean connection.
type leanBody struct {
	conn *leanConn
	br   *bufio.Reader
	stop func() bool // undoes the AfterFunc of the context
	framing
	left   int64 // bytes of the body, or of the chunk
	ended  bool
	failed bool
	closed bool
	in     bool // a chunk has been begun
}

// start sets how much there is to read.
func (b *leanBody) start() {
	switch {
	case b.none:
		b.ended = true
	case b.chunked:
		b.left = 0
		if b.length >= 0 {
			b.close = true // both framings: close the connection afterwards (RFC 9112 6.3)
		}
	case b.length >= 0:
		b.left = b.length
		b.ended = b.left == 0
	default:
		b.left = 1<<63 - 1 // until the connection ends
		b.close = true
	}
}

func (b *leanBody) Read(p []byte) (int, error) {
	return b.take(int64(len(p)), func(n int64) (int64, error) {
		k, err := b.br.Read(p[:n])
		return int64(k), err
	})
}

func (b *leanBody) Discard(max int64) (int64, error) {
	n, err := b.take(max, b.drop)
	return int64(n), err
}

// take reads up to max bytes of the body with get.
func (b *leanBody) take(max int64, get func(n int64) (int64, error)) (int, error) {
	if b.closed {
		return 0, io.ErrClosedPipe
	}
	if b.failed {
		return 0, io.ErrUnexpectedEOF
	}
	if b.chunked && b.left == 0 && !b.ended {
		if err := b.nextChunk(); err != nil {
			b.failed = true
			return 0, err
		}
	}
	if b.ended {
		return 0, io.EOF
	}
	if max == 0 {
		return 0, nil
	}
	n, err := get(min(max, b.left))
	b.left -= n
	if b.left == 0 && !b.chunked {
		b.ended = true
	}
	if err == io.EOF {
		switch {
		case !b.chunked && b.length < 0:
			b.ended = true
			return int(n), io.EOF
		case n > 0:
			err = nil // returned at the next call
		case !b.ended:
			err = io.ErrUnexpectedEOF
		}
	}
	if err != nil {
		b.failed = true
	}
	return int(n), err
}

// drop reads up to n bytes from the connection and drops them.
func (b *leanBody) drop(n int64) (int64, error) {
	if k := int64(b.br.Buffered()); k > 0 {
		k, err := b.br.Discard(int(min(k, n)))
		return int64(k), err
	}
	return b.conn.drops.drop(n)
}

// nextChunk reads the line before a chunk, and the trailer after the last one.
func (b *leanBody) nextChunk() error {
	if b.in {
		if line, err := b.chunkLine(); err != nil {
			return err
		} else if len(line) > 0 {
			return fmt.Errorf("%w: chunk longer than announced", errBody)
		}
	}
	line, err := b.chunkLine()
	if err != nil {
		return err
	}
	size, ok := parseChunkSize(line)
	if !ok {
		return fmt.Errorf("%w: chunk size (got %.40q; want a hexadecimal number)", errBody, line)
	}
	b.in, b.left = true, size
	if size > 0 {
		return nil
	}
	for range maxFields {
		if line, err := b.chunkLine(); err != nil {
			return err
		} else if len(line) == 0 {
			b.ended = true
			return nil
		}
	}
	return fmt.Errorf("%w: too many trailer fields (want at most %d)", errBody, maxFields)
}

// chunkLine reads a line; 4 KiB hold any size with extensions.
func (b *leanBody) chunkLine() ([]byte, error) {
	line, err := b.br.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, fmt.Errorf("%w: chunk line longer than %d bytes", errBody, len(line))
	case err == io.EOF:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// parseChunkSize reads "1a2b" or "1a2b;extension".
func parseChunkSize(line []byte) (n int64, ok bool) {
	for i, c := range line {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		case (c == ';' || c == ' ' || c == '\t') && i > 0:
			return n, true
		default:
			return 0, false
		}
		if i == 15 {
			return 0, false
		}
		n = n<<4 | int64(c)
	}
	return n, len(line) > 0
}

// Close returns the connection to the engine if the body was read to its end, and
// closes it otherwise.
func (b *leanBody) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	undisturbed := b.stop()
	keep := undisturbed && b.ended && !b.failed && !b.framing.close && b.br.Buffered() == 0
	putReader(b.br)
	b.br = nil
	b.conn.engine.release(b.conn, keep)
	return nil
}
