// Command hlsload sends a fleet of synthetic players to a live HLS stream, breaks the
// stream, and reports how many players failed over, how fast, how many stalled, and
// the load on the origin.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/run"
	"hlsload/system"
)

// exitError carries the exit code of a command. An empty message is not printed.
type exitError struct {
	code  int
	msg   string
	cause error
}

// errUsage is the cause of an error in the command line, after which a hint leads to the
// help.
var errUsage = errors.New("wrong usage")

// codes are the exit codes of runs that did not begin.
var codes = map[run.Kind]int{
	run.Internal: exitInternal, run.Usage: exitUsage, run.Refused: exitUsage, run.Invalid: exitInvalid,
	run.Unreachable: reports.ExitUnreachable, run.Interrupted: reports.ExitInterrupted, run.Cloud: reports.ExitFault,
	run.Lost: reports.ExitLost, run.Left: reports.ExitFault,
}

func (e *exitError) Error() string { return e.msg }
func (e *exitError) Unwrap() error { return e.cause }

func main() {
	// After a second signal, too, the faults are undone first; only the players leave
	// at once (haltSignals).
	ctx, stop := signal.NotifyContext(context.Background(), system.Ends...)
	// A closed output must not end the program before the faults are undone.
	signal.Notify(make(chan os.Signal, 1), system.ClosedPipe)
	code := executeOn(ctx, network{halt: haltSignals()}, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute is the whole program as a function of arguments and writers.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return executeOn(ctx, network{}, args, stdout, stderr)
}

// executeOn is execute with a network.
func executeOn(ctx context.Context, on network, args []string, stdout, stderr io.Writer) int {
	todo := &rest{}
	exit := once(withRest(ctx, todo), on, args, stdout, stderr)
	if a := todo.again; a != nil {
		fmt.Fprintf(printable{stderr}, "hlsload: the run is void (exit code %d) and is repeated once, in %v; its files are in %s\n", exit.code, a.pause, filepath.Join(a.dir, a.repeated.Dir))
		if a.wait(ctx) {
			todo = &rest{repeats: &a.repeated}
			exit = once(withRest(ctx, todo), on, a.args(args), stdout, stderr)
		} else if asksJSON(args) {
			_ = writeJSON(stdout, failure{failureSchema, exit.code, a.repeated.Reason})
		}
	}
	if todo.tell != nil {
		todo.tell(exit)
	}
	return exit.code
}

// once runs a command and says why it failed.
func once(ctx context.Context, on network, args []string, stdout, stderr io.Writer) *exitError {
	ctx, secrets := withSecrets(ctx)
	hideJoins(secrets, args)
	root := rootCommand(on)
	root.SetArgs(args)
	printed := &noticed{Writer: stdout}
	if asksJSON(args) {
		root.SetOut(printed)
	} else {
		root.SetOut(stdout) // which may be a terminal
	}
	root.SetErr(stderr)
	exit := exitOf(root.ExecuteContext(ctx))
	if exit.msg != "" && !system.IsClosedPipe(exit) {
		fmt.Fprintf(printable{stderr}, "hlsload: %s\n", secrets.Text(exit.msg))
	}
	if exit.code != 0 && asksJSON(args) && !printed.any && restOf(ctx).again == nil { // stdout is one document, whatever happens
		_ = writeJSON(stdout, failure{failureSchema, exit.code, secrets.Text(exit.msg)})
	}
	if exit.cause == errUsage {
		fmt.Fprintln(stderr, "hlsload: hint: `hlsload help` lists the commands, `hlsload COMMAND --help` its flags")
	}
	return exit
}

// exitOf is the exit code and the message of an error.
func exitOf(err error) *exitError {
	var exit *exitError
	var refused *run.Error
	switch {
	case err == nil:
		return &exitError{}
	case errors.As(err, &exit):
		return exit
	case errors.As(err, &refused):
		return &exitError{codes[refused.Kind], refused.Text, refused.Err}
	}
	return misused("%v", err) // errors of cobra are about usage
}

// internal gives an error without an exit code the code of a bug in this program.
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

// forbidden is the error of a command that must not go on; err says why.
func forbidden(err error) error {
	return &exitError{exitUsage, err.Error(), err}
}

// misused is the error of a wrong command line.
func misused(format string, args ...any) *exitError {
	return &exitError{exitUsage, fmt.Sprintf(format, args...), errUsage}
}

// takes checks the arguments by their names in the usage line: [NAME] is optional,
// NAME… may be repeated.
func takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		for i, name := range names {
			if i == len(args) && !strings.HasPrefix(name, "[") {
				return misused("%s: no %s given (want hlsload %s)", cmd.Name(), strings.TrimSuffix(name, "…"), cmd.Use)
			}
			if strings.HasSuffix(name, "…") {
				return nil
			}
		}
		if len(args) > len(names) {
			return misused("%s: too many arguments (got %q; want hlsload %s)", cmd.Name(), args[len(names)], cmd.Use)
		}
		return nil
	}
}

// more are commands of builds that are not for users.
var more []func(root *cobra.Command) *cobra.Command

func rootCommand(on network) *cobra.Command {
	root := &cobra.Command{
		Use:   "hlsload",
		Short: "Synthetic players and chaos for live HLS: which viewers fail over, how fast, and which are lost",
		Long: `hlsload sends a fleet of synthetic players to a live HLS stream, breaks the
stream on a timeline, and reports how many viewers failed over, how fast, how many
stalled, what load the origin got, and whether that is good enough.

    hlsload run pipeline-kill            one pipeline of the embedded channel fails
    hlsload simulate pipeline-kill       the same in virtual time, in seconds
    hlsload list scenarios               all shipped scenarios`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(runCommand(on), simulateCommand(), validateCommand(), planCommand(on), capacityCommand(on), showCommand(), initCommand(), schemaCommand(), rigCommand(on), probeCommand(on),
		agentCommand(on), haltCommand(), mergeCommand(), keysCommand(),
		compareCommand(), historyCommand(),
		undoCommand(on), sweepCommand(on), awsCheckCommand(on), listCommand(), reportCommand(), annotateCommand(), versionCommand())
	explain(root)
	for _, command := range more {
		root.AddCommand(command(root))
	}
	return root
}
