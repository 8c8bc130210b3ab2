package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"hlsload/system"
)

// Limit is how long a program may take.
const Limit = 30 * time.Second

// Bounds of what passes between both.
const (
	MaxInput  = 256 << 10 // of the text on its standard input
	maxOutput = 64 << 10  // of what it prints; the rest is dropped
)

// Find returns the path of a program, which is a path or a name in PATH.
func Find(program string) (string, error) {
	path, err := exec.LookPath(program)
	switch {
	case errors.Is(err, exec.ErrDot):
		return "", fmt.Errorf("%s is in this folder (want its path, such as ./%s)", program, program)
	case err != nil:
		return "", fmt.Errorf("%w (want the path of a program that can be executed, or its name in PATH)", err)
	}
	return path, nil
}

// Program is a program to be run.
type Program struct {
	Path string
	Env  []string // NAME=value, besides the environment of this process
	Text []byte   // on its standard input
	Out  io.Writer
}

// Run runs the program, without a shell, to its end, or until it has taken [Limit]; then
// it is killed with all that it started.
func (p *Program) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, Limit, fmt.Errorf("took longer than %v", Limit))
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Path)
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.Stdin = bytes.NewReader(cut(p.Text))
	out := &bounded{w: p.Out, left: maxOutput}
	cmd.Stdout, cmd.Stderr = out, out
	system.Group(cmd)
	cmd.Cancel = func() error {
		system.Kill(cmd)
		return nil
	}
	cmd.WaitDelay = time.Second // for output of what it started itself
	err := cmd.Run()
	if why := context.Cause(ctx); err != nil && why != nil {
		return fmt.Errorf("run %s: killed: %w", p.Path, why)
	}
	if errors.Is(err, exec.ErrWaitDelay) { // it has ended well, and what it left behind still prints
		err = nil
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", p.Path, err)
	}
	return nil
}

// cut shortens a text to MaxInput, at the end of a line.
func cut(text []byte) []byte {
	if len(text) <= MaxInput {
		return text
	}
	const more = "\n… (cut)\n"
	text = text[:MaxInput-len(more)]
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return append(bytes.ToValidUTF8(text, nil), more...)
}

// bounded passes on so many bytes, and takes the rest as well.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if n > 0 {
		_, _ = b.w.Write(p[:n]) // what cannot be shown must not end the program
	}
	return len(p), nil
}
