package issuer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"hlsload/player/ticket"
	"hlsload/system"
)

// Config is the program to run.
type Config struct {
	Args  []string      // program and arguments
	Dir   string        // "" = the current directory
	Limit time.Duration // for one line; 0 = 5s
}

// Bounds of a program.
const (
	defaultLimit = 5 * time.Second
	exitTime     = time.Second // from the end of its input until it is killed
	keptTail     = 4 << 10     // bytes kept of what it writes to its standard error
)

// ErrEnded is the error after the program has ended.
var ErrEnded = errors.New("the program that issues tokens has ended")

// Program is a program that issues tokens. It is safe for concurrent use.
type Program struct {
	limit  time.Duration
	cmd    *exec.Cmd
	in     io.WriteCloser
	said   tail
	asks   chan *ask
	end    chan struct{} // closed by Close
	ended  chan struct{} // closed when no line is sent any more
	why    error         // why it ended; valid once ended is closed
	once   sync.Once
	serves sync.WaitGroup
}

// ask is a line, and the channel for its answer.
type ask struct {
	line   []byte
	answer chan answer // capacity 1
}

type answer struct {
	line []byte
	err  error
}

// Start starts the program.
func Start(c Config) (*Program, error) {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return nil, errors.New("start the program that issues tokens: none given (got an empty list; want a program and its arguments)")
	}
	p := &Program{limit: c.Limit, asks: make(chan *ask), end: make(chan struct{}), ended: make(chan struct{})}
	if p.limit <= 0 {
		p.limit = defaultLimit
	}
	p.cmd = exec.Command(c.Args[0], c.Args[1:]...)
	p.cmd.Dir = c.Dir
	p.cmd.Stderr = &p.said
	p.cmd.WaitDelay = exitTime
	system.Group(p.cmd)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start the program that issues tokens: %w", err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the program that issues tokens: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the program that issues tokens: %w", err)
	}
	lines := make(chan answer)
	p.serves.Go(func() { p.read(out, lines) })
	p.serves.Go(func() { p.serve(lines) })
	return p, nil
}

// Issue asks for the token of one session.
func (p *Program) Issue(ctx context.Context, a ticket.Ask) (*ticket.Ticket, error) {
	line, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	q := &ask{append(line, '\n'), make(chan answer, 1)}
	select {
	case p.asks <- q:
	case <-p.ended:
		return nil, p.gone()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case got := <-q.answer:
		if got.err != nil {
			return nil, got.err
		}
		t, err := ticket.Parse(got.line, time.Now())
		if err != nil {
			return nil, fmt.Errorf("the answer of the program that issues tokens: %w", err)
		}
		return t, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *Program) gone() error {
	if p.why != nil {
		return fmt.Errorf("%w: %w", ErrEnded, p.why)
	}
	return ErrEnded
}

// read passes the program's lines on until its output ends.
func (p *Program) read(out io.Reader, lines chan<- answer) {
	defer close(lines)
	r := bufio.NewReaderSize(out, ticket.MaxLine+1)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			err = fmt.Errorf("it wrote a line that does not end (want at most %d bytes)", ticket.MaxLine)
		case err != nil && len(bytes.TrimSpace(line)) == 0:
			err = errors.New("its output ended")
		case err != nil:
			err = nil // the last line, without a line end
		}
		select {
		case lines <- answer{bytes.Clone(line), err}:
		case <-p.ended:
			return
		}
		if err != nil {
			return
		}
	}
}

// serve sends one line after another to the program, and finally ends it.
func (p *Program) serve(lines <-chan answer) {
	defer p.finish()
	defer close(p.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		var q *ask
		select {
		case q = <-p.asks:
		case <-p.end:
			return
		case got := <-lines: // a line without a question
			p.why = got.err
			if got.err == nil {
				p.why = errors.New("it wrote a line without being asked")
			}
			return
		}
		timer.Reset(p.limit)
		wrote := make(chan error, 1)
		p.serves.Go(func() {
			_, err := p.in.Write(q.line)
			wrote <- err
		})
		var got answer
		select {
		case got = <-lines:
		case <-timer.C:
			got.err = fmt.Errorf("it took longer than %v for a line", p.limit)
		case <-p.end:
			got.err = errors.New("the run has ended")
		}
		if got.err != nil {
			p.why = got.err
			q.answer <- answer{err: p.gone()}
			return
		}
		q.answer <- got
		select {
		case <-wrote: // the program has read the line
		case <-p.end:
			return
		}
	}
}

// finish waits for the program to end, and kills it if it does not.
func (p *Program) finish() {
	p.in.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.cmd.Wait() // its exit status does not matter
	}()
	timer := time.NewTimer(exitTime)
	defer timer.Stop()
	if p.why == nil {
		select {
		case <-done:
		case <-timer.C:
		}
	}
	system.Kill(p.cmd)
	<-done
}

// Close ends the program and waits until it has ended.
func (p *Program) Close() {
	p.once.Do(func() { close(p.end) })
	p.serves.Wait()
}

// Said is the end of what the program wrote to its standard error.
func (p *Program) Said() string { return p.said.String() }

// tail keeps the last bytes that are written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
	cut bool // there was more
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cut = t.cut || len(t.buf)+len(b) > keptTail
	t.buf = append(t.buf, b[max(0, len(b)-keptTail):]...)
	t.buf = t.buf[max(0, len(t.buf)-keptTail):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.buf
	if t.cut { // a part of a line may have a part of a token, which cannot be redacted
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return string(bytes.ToValidUTF8(text, []byte("?")))
}
