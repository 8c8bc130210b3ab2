package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"hlsload/capacity"
	"hlsload/capacity/answer"
	"hlsload/capacity/kernel"
	"hlsload/capacity/page"
	"hlsload/player/units"
	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/run/cloud"
	"hlsload/scenarios"
)

// today is by what figures are old; tests set it.
var today = time.Now

// exitRefused is the exit code when the model is too far from a simulation that it has not seen.
const exitRefused = 115

func capacityCommand(on network) *cobra.Command {
	var o overrides
	var asJSON, granted bool
	var out, under, rehearse, machine string
	cmd := &cobra.Command{
		Use: "capacity EVENT", Short: "What an event asks of edge, origin and purse, and what breaks first", Args: takes("EVENT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			least, ok := units.ParseShare(under)
			if !ok {
				return misused("--fail-under %s (want a share of the limit, such as 20%%)", under)
			}
			if granted {
				if err := needsFull("--aws"); err != nil {
					return err
				}
			}
			agent, err := agentOf(machine)
			if err != nil {
				return err
			}
			src, err := open(args[0], &o)
			if err != nil {
				return err
			}
			e, err := loadEvent(src, &o)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("rehearse") {
				return rehearsed(cmd, e, rehearse, agent)
			}
			if err := placeCapacity(out); err != nil {
				return err
			}
			var remarks []string
			if granted {
				if remarks, err = askAWS(cmd, on, e); err != nil {
					return err
				}
			}
			a, err := foretell(cmd.Context(), printable{cmd.ErrOrStderr()}, e, agent)
			if err != nil {
				return err
			}
			a.Warnings = append(a.Warnings, remarks...)
			return concludeCapacity(cmd, a, least, asJSON, out)
		},
	}
	cmd.Long = `capacity simulates samples of an event's viewers, and answers what the whole audience
would ask of the caches and the origin, how near each quota is, and what it costs.

With --aws it reads from Service Quotas what the account of the AWS credentials was
granted. It only reads (servicequotas:ListServiceQuotas). The event file goes first,
then what was granted, then the default; the answer says of each limit which it is.`
	o.cmd = cmd
	f := cmd.Flags()
	f.StringArrayVar(&o.set, "set", nil, "`path=value` changes any value of the event; repeatable")
	f.StringVar(&under, "fail-under", "0%", "exit 99 when a head-room after the margin is below this `SHARE` of its limit")
	f.BoolVar(&granted, "aws", false, "read from Service Quotas what the account was granted")
	f.StringVar(&out, "out", "", "write capacity.json, capacity.md and report.html into this new `DIR`")
	f.BoolVar(&asJSON, "json", false, "print capacity.json instead of the text")
	f.StringVar(&rehearse, "rehearse", "", "print the scenario of a rehearsal with this `SHARE` of the viewers, such as 2%, instead")
	f.StringVar(&machine, "machine", "", "`FILE` with the figures of a machine that carries players (make bench-fleet writes one; docs/event.md)")
	for _, other := range []string{"json", "out", "fail-under", "aws"} {
		cmd.MarkFlagsMutuallyExclusive("rehearse", other)
	}
	return cmd
}

// placeCapacity makes the directory of the files; it refuses one that has them.
func placeCapacity(out string) error {
	if out == "" {
		return nil
	}
	if file := page.Holds(out); file != "" {
		return forbidden(fmt.Errorf("results: %s is there already (want --out with a new directory)", filepath.Join(out, file)))
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return forbidden(fmt.Errorf("results: %w (want --out with a directory that can be made)", err))
	}
	return nil
}

// askAWS puts over the quotas that an answer needs what the account of the credentials was granted; it
// returns what was not found or not understood.
func askAWS(cmd *cobra.Command, on network, e *scenarios.Event) (remarks []string, err error) {
	names, said := answer.Judged(e), printable{cmd.ErrOrStderr()}
	r, err := cloud.Granted(cmd.Context(), on.aws, e.Quotas.Services(names))
	switch {
	case cmd.Context().Err() != nil:
		return nil, &exitError{reports.ExitInterrupted, "interrupted", cmd.Context().Err()}
	case err != nil:
		return nil, forbidden(fmt.Errorf("--aws: %w", err))
	}
	e.Quotas, remarks = e.Quotas.Grant(r, names)
	fmt.Fprintf(said, "Service Quotas: %s\n", r)
	for _, text := range remarks {
		fmt.Fprintf(said, "warning: %s\n", text)
	}
	return remarks, nil
}

// concludeCapacity prints and writes an answer, and returns the exit code. What breaks comes first: a full
// disk must not lose it.
func concludeCapacity(cmd *cobra.Command, a *answer.Answer, least float64, asJSON bool, out string) error {
	var failed error
	w := cmd.OutOrStdout()
	if asJSON {
		failed = printJSON(cmd, a)
	} else {
		failed = internal(page.WriteText(w, a, min(columns(w), 100)))
	}
	if out != "" {
		if err := page.Write(out, a); err != nil {
			failed = errors.Join(failed, fmt.Errorf("writing the answer (it is incomplete; what is printed stands): %w", err))
		} else if !asJSON {
			_, err := fmt.Fprint(printable{w}, document.Wrap("Files: "+out+"/ (report.html to look at, capacity.md for a wiki, capacity.json for scripts)", "", min(columns(w), 100)))
			failed = errors.Join(failed, internal(err))
		}
	}
	code := reports.ExitPass
	switch {
	case a.Model.Refused != "":
		code = exitRefused
	case a.Below(least):
		code = reports.ExitFail
	}
	return concluded(code, failed)
}

// foretell simulates samples of an event's viewers, as many at a time as there are processors, and answers.
func foretell(ctx context.Context, said io.Writer, e *scenarios.Event, agent answer.Machine) (*answer.Answer, error) {
	p := answer.PlanOf(e)
	if err := p.Check(); err != nil {
		return nil, &exitError{exitInvalid, fmt.Sprintf("the event cannot be predicted: %v", err), err}
	}
	defer collectOften()()
	const most, least = 5000, 1000 // players of one simulation
	samples, check := p.Samples(max(least, min(most, e.Peak().Viewers)/max(len(p.Faults), 1)))
	samples = append(samples, check)
	recorders := make([]*kernel.Recorder, len(samples))
	failed := make([]error, len(samples))
	var seen *capacity.Observed
	inOrder(len(samples), func(i int) {
		var o *capacity.Observed
		recorders[i], o, failed[i] = p.Simulate(samples[i], func() bool { return ctx.Err() != nil })
		if i == len(samples)-1 {
			seen = o
		}
	}, func(i int) {
		if failed[i] == nil {
			fmt.Fprintf(said, "simulation %d of %d: %d players\n", i+1, len(samples), samples[i].Players)
		}
	})
	if ctx.Err() != nil {
		return nil, &exitError{reports.ExitInterrupted, "interrupted", ctx.Err()}
	}
	if err := errors.Join(failed...); err != nil {
		return nil, internal(err)
	}
	k, err := kernel.Of(recorders[:len(samples)-1]...)
	if err != nil {
		return nil, internal(err)
	}
	errs, err := capacity.Check(&p, k, check, seen)
	if err != nil {
		return nil, internal(err)
	}
	f, err := capacity.Predict(&p, k)
	if err != nil {
		return nil, internal(err)
	}
	a, err := answer.Of(&answer.Question{Event: e, Plan: &p, Kernel: k, Forecast: f, Errors: errs, Machine: agent, Now: today()})
	return a, internal(err)
}
