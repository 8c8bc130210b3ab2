package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/run/notify"
)

// rest is what is left to do when a command has ended and said how.
type rest struct {
	repeats *reports.Repeated // the void run that this one repeats; nil = none
	again   *repetition       // this one is void and is to be repeated; nil = it is not
	tell    func(*exitError)  // lets a program know how it ended; nil = none
}

type restKey struct{}

func withRest(ctx context.Context, r *rest) context.Context {
	return context.WithValue(ctx, restKey{}, r)
}

// restOf is what a command leaves to do; it is dropped where there is none to do it.
func restOf(ctx context.Context) *rest {
	if ctx != nil {
		if r, ok := ctx.Value(restKey{}).(*rest); ok {
			return r
		}
	}
	return &rest{}
}

// onFinish is the program that hears how a run ended.
type onFinish struct {
	program string
	// What it is told.
	verdict, reason, scenario string
	ran                       bool // there are files of results
}

func (o *onFinish) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.program, "on-finish", "", "run `PROGRAM` at the end, with the verdict in ON_FINISH_… variables and summary.md on its standard input, for chats (docs/ci.md)")
}

// ending is the work of a command with what is to be done at its end: a program that is not
// there is found before the work, not hours later.
func (o *output) ending(work func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := o.retry.check(cmd); err != nil {
			return err
		}
		if cmd.Flags().Changed("on-finish") {
			path, err := notify.Find(o.onFinish.program)
			if err != nil {
				return misused("--on-finish: %v", err)
			}
			o.onFinish.scenario = strings.Join(args, " ")
			restOf(cmd.Context()).tell = func(exit *exitError) { o.tell(cmd, path, exit) }
		}
		return work(cmd, args)
	}
}

// knows keeps what the program is told about a run.
func (o *onFinish) knows(scenario, verdict, reason string) {
	o.scenario, o.verdict, o.reason, o.ran = scenario, verdict, reason, true
}

// notBegun is the verdict of what ended before there were results.
const notBegun = "none"

// tell runs the program of --on-finish. What becomes of it changes nothing but a warning.
func (o *output) tell(cmd *cobra.Command, path string, exit *exitError) {
	secrets := secretsOf(cmd.Context())
	f := &o.onFinish
	reason, text := f.reason, f.reason+"\n"
	if !f.ran {
		reason, _, _ = strings.Cut(exit.msg, "\n")
		text = exit.msg + "\n"
	}
	input := []byte(secrets.Text(text))
	env := []string{"ON_FINISH_VERDICT=" + cmp.Or(f.verdict, notBegun), "ON_FINISH_EXIT_CODE=" + strconv.Itoa(exit.code),
		"ON_FINISH_REASON=" + line(secrets.Text(reason)), "ON_FINISH_SCENARIO=" + line(secrets.Text(f.scenario))}
	files := []struct{ variable, name string }{{"ON_FINISH_DIR", "."}, {"ON_FINISH_SUMMARY", reports.SummaryFile}, {"ON_FINISH_MARKDOWN", reports.MarkdownFile}, {"ON_FINISH_REPORT", reports.HTMLFile}}
	for _, file := range files {
		value := ""
		if at, err := filepath.Abs(filepath.Join(o.dir, file.name)); f.ran && err == nil {
			if _, err := os.Stat(at); err == nil {
				value = at
			}
		}
		env = append(env, file.variable+"="+value)
		if file.name == reports.MarkdownFile && value != "" {
			input = readSome(value, input)
		}
	}
	out := &redactingWriter{w: printable{cmd.ErrOrStderr()}, f: secrets.Text}
	p := notify.Program{Path: path, Env: env, Text: input, Out: out}
	// An interrupted run is told as well.
	err := p.Run(context.WithoutCancel(cmd.Context()))
	_ = out.Close()
	if err != nil {
		fmt.Fprintf(printable{cmd.ErrOrStderr()}, "hlsload: warning: --on-finish: %s (the exit code stays %d)\n", secrets.Text(err.Error()), exit.code)
	}
}

// readSome reads as much of a file as the program gets; without it, other text has to do.
func readSome(name string, other []byte) []byte {
	file, err := os.Open(name)
	if err != nil {
		return other
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, notify.MaxInput+1))
	if err != nil {
		return other
	}
	return text
}

// line is a text in one line, as values of variables are.
func line(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
