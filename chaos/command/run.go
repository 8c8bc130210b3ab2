package command

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

// Bounds of what programs print.
const (
	maxOutput = 16 << 20 // a program that prints more is killed
	keptTail  = 2 << 10  // of it goes into an error
)

// limit is how long a program may take.
const limit = 30 * time.Second

// run runs a program in a directory ("" = the current one) to its end. Its error
// says the exit status and the last line printed. When ctx or the limit ends, or
// when it prints too much, it is killed with its process group.
//
// Output goes to a file that is already unlinked, not to a pipe: what the
// program leaves in the background may keep printing and does not break.
func run(ctx context.Context, args []string, dir string) error {
	if len(args) == 0 || args[0] == "" {
		return errors.New("run program: none given (got an empty list; want a program and its arguments)")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("took longer than %v", limit))
	defer cancel()
	if ctx.Err() != nil { // do not begin what is not waited for any more
		return fmt.Errorf("run %s: %w", args[0], context.Cause(ctx))
	}
	output, remove, err := system.Removed("hlsload-command-*")
	if err != nil {
		return fmt.Errorf("run %s: %w", args[0], err)
	}
	defer remove()

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = output, output
	system.Group(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run %s: %w", args[0], err)
	}
	if err := wait(ctx, cmd, output); err != nil {
		return fmt.Errorf("run %s: %w%s", args[0], err, lastLine(output))
	}
	return nil
}

// wait waits for the program and kills it when it must not go on.
func wait(ctx context.Context, cmd *exec.Cmd, output *os.File) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	check := time.NewTicker(100 * time.Millisecond)
	defer check.Stop()
	kill := func(why error) error {
		system.Kill(cmd)
		<-ended
		return why
	}
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return kill(fmt.Errorf("killed: %w", context.Cause(ctx)))
		case <-check.C:
			if info, err := output.Stat(); err == nil && info.Size() > maxOutput {
				return kill(fmt.Errorf("killed: printed more than %d bytes", maxOutput))
			}
		}
	}
}

// lastLine is how an error quotes what was printed last.
func lastLine(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	from := max(0, info.Size()-keptTail)
	tail, _ := io.ReadAll(io.NewSectionReader(f, from, keptTail))
	printed := bytes.TrimSpace(bytes.ToValidUTF8(tail, []byte("?")))
	if i := bytes.LastIndexByte(printed, '\n'); i >= 0 {
		printed = printed[i+1:]
	}
	if len(printed) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.200q)", printed)
}
