// Command hlsload sends a fleet of synthetic players to a live HLS stream,
// breaks the stream, and says who failed over, how fast, who stalled, and what
// the origin felt.
package main

import (
	"context"
	"errors"
	"fmt"
	"hlsload/reports"
	"hlsload/run"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes beside the verdict's own.
const (
	exitInternal = 1
	exitUsage    = 2
	exitInvalid  = 104
)

// exitError carries the exit code of a command. An empty message prints
// nothing: everything has been said.
type exitError struct {
	code  int
	msg   string
	cause error
}

// errSaid is the cause of an error that says itself what to do.
var errSaid = errors.New("said")

// codes are the exit codes of what keeps a run from beginning.
var codes = map[run.Kind]int{
	run.Internal: exitInternal, run.Usage: exitUsage, run.Refused: exitUsage, run.Invalid: exitInvalid,
	run.Unreachable: reports.ExitUnreachable, run.Interrupted: reports.ExitInterrupted, run.Cloud: reports.ExitFault,
}

func (e *exitError) Error() string { return e.msg }
func (e *exitError) Unwrap() error { return e.cause }

func main() {
	// A second signal does not skip that what is open is put back first; it only
	// sends the players home (haltSignals).
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// Nobody reading the output any more is no reason to leave anything open.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	code := executeOn(ctx, network{halt: haltSignals()}, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute is the whole program as a function of arguments and writers.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return executeOn(ctx, network{}, args, stdout, stderr)
}

// executeOn is execute on a network.
func executeOn(ctx context.Context, on network, args []string, stdout, stderr io.Writer) int {
	ctx, secrets := withSecrets(ctx)
	root := rootCommand(on)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	exit := exitOf(root.ExecuteContext(ctx))
	if exit.msg != "" && !errors.Is(exit, syscall.EPIPE) {
		fmt.Fprintf(printable{stderr}, "hlsload: %s\n", secrets.Text(exit.msg))
	}
	if exit.code == exitUsage && exit.cause != errSaid {
		fmt.Fprintln(stderr, "hlsload: hint: `hlsload help` lists the commands, `hlsload COMMAND --help` its flags")
	}
	return exit.code
}

// exitOf is how an error ends the program.
func exitOf(err error) *exitError {
	var exit *exitError
	var refused *run.Error
	switch {
	case err == nil:
		return &exitError{}
	case errors.As(err, &exit):
		return exit
	case errors.As(err, &refused) && refused.Kind == run.Refused:
		return &exitError{exitUsage, refused.Text, errSaid}
	case errors.As(err, &refused):
		return &exitError{codes[refused.Kind], refused.Text, refused.Err}
	}
	return &exitError{code: exitUsage, msg: err.Error()} // cobra's own errors are about usage
}

// internal marks an error that is not the user's.
func internal(err error) error {
	if err == nil {
		return nil
	}
	var exit *exitError
	if errors.As(err, &exit) {
		return err
	}
	return &exitError{exitInternal, err.Error(), err}
}

// closed is the end of a command that must not go on; the error says why.
func closed(err error) error {
	return &exitError{code: exitUsage, msg: err.Error(), cause: errSaid}
}

// takes demands these arguments, by the names that the usage line has: [NAME]
// may be missing, NAME… may be several.
func takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		for i, name := range names {
			if i == len(args) && !strings.HasPrefix(name, "[") {
				return &exitError{code: exitUsage, msg: fmt.Sprintf("%s: no %s given (want hlsload %s)", cmd.Name(), strings.TrimSuffix(name, "…"), cmd.Use)}
			}
			if strings.HasSuffix(name, "…") {
				return nil
			}
		}
		if len(args) > len(names) {
			return &exitError{code: exitUsage, msg: fmt.Sprintf("%s: too many arguments (got %q; want hlsload %s)", cmd.Name(), args[len(names)], cmd.Use)}
		}
		return nil
	}
}

func rootCommand(on network) *cobra.Command {
	root := &cobra.Command{
		Use:   "hlsload",
		Short: "Synthetic players and chaos for live HLS: who fails over, how fast, and who is lost",
		Long: `hlsload sends a fleet of synthetic players to a live HLS stream, breaks the
stream on a timeline, and says who failed over, how fast, who stalled, what the
origin felt, and whether that is good enough.

    hlsload run pipeline-kill            the default story on the embedded channel
    hlsload simulate pipeline-kill       the same in virtual time, in seconds
    hlsload list scenarios               what else ships`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(runCommand(on), simulateCommand(), validateCommand(), planCommand(on), rigCommand(on), probeCommand(on),
		undoCommand(on), sweepCommand(on), awsCheckCommand(on), listCommand(), reportCommand(), versionCommand())
	return root
}
