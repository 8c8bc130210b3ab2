package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/journal"
	"hlsload/reports"
	"hlsload/run/cloud"
	"hlsload/scenarios"
)

// consent is how a user says that a run may change what is on AWS.
type consent struct {
	confirm string
	yes     bool
}

func (c *consent) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.confirm, "confirm", "", "`hash` that hlsload plan printed: this run may do on AWS what that plan said")
	cmd.Flags().BoolVar(&c.yes, "yes", false, "this run may do on AWS whatever the scenario says")
}

// check refuses a run that nobody has agreed to.
func (c *consent) check(sc *scenarios.Scenario, nameOrFile string) error {
	plan, err := awsPlan(sc)
	if err != nil || plan == nil {
		return err
	}
	refuse := func(format string, args ...any) error {
		msg := fmt.Sprintf(format, args...) + fmt.Sprintf("\nread what it would do, and how it would be undone:  hlsload plan %s\nthen run it with the hash that the plan ends with:  --confirm HASH  (or with --yes)", nameOrFile)
		return &exitError{exitUsage, msg, nil}
	}
	switch {
	case c.yes || c.confirm == plan.Hash:
		return nil
	case c.confirm != "":
		return refuse("this is not the plan that was confirmed (got --confirm %.20s; the plan has changed since)", c.confirm)
	}
	return refuse("this run would change account %s on AWS (got no --confirm)", sc.Redact(sc.AWS.Account))
}

// awsPlan is what a scenario would do on AWS; nil = nothing.
func awsPlan(sc *scenarios.Scenario) (*aws.Plan, error) {
	var faults []chaos.Fault
	for _, f := range sc.Faults() {
		if f.Via == chaos.ViaAWS {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 {
		return nil, nil
	}
	drivers, always, err := cloud.Drivers(sc.AWS)
	if err != nil {
		return nil, &exitError{exitUsage, err.Error(), err}
	}
	p := aws.NewPlan(sc.AWS, faults, drivers, always)
	p.Cover(sc.Plan()) // players, target, stop conditions and the rest of the timeline
	return &p, nil
}

// printPlan adds to a plan what it would do on AWS.
func printPlan(w io.Writer, sc *scenarios.Scenario) error {
	p, err := awsPlan(sc)
	if err != nil || p == nil {
		return err
	}
	text := "\non AWS\n" + indent(p.Text) + "\nneeds at most this IAM policy\n" + indent(p.Policy)
	if p.Role != "" {
		text += "\nthe role of the watchdogs, " + sc.AWS.Watchdog + ", needs this IAM policy, and must trust scheduler.amazonaws.com" +
			" (with aws:SourceAccount " + sc.AWS.Account + ")\n" + indent(p.Role)
	}
	for _, r := range p.Remarks {
		text += "\n  - " + r
	}
	_, err = fmt.Fprintf(w, "%s\n\nrun it with --confirm %s\n", sc.Reference(text), p.Hash)
	return err
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}

// newRun names a run. What it leaves on AWS carries the name.
func newRun() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// openAWS makes sure that the run may begin, and returns who applies its
// faults; nil when it has none.
func (r *realRun) openAWS(ctx context.Context) (*aws.Applier, error) {
	needed := false
	for i := range r.faults {
		needed = needed || r.faults[i].Via == chaos.ViaAWS
	}
	if !needed {
		return nil, nil
	}
	fail := func(err error) error {
		return &exitError{reports.ExitFault, r.sc.Redact("AWS, before anything was changed: " + err.Error()), err}
	}
	length := r.sc.Duration + r.sc.Recovery
	undone := length + cloud.Patience // when everything is surely undone, from now on
	if err := r.sc.AWS.Hours.Allows(time.Now(), time.Now().Add(length)); err != nil {
		return nil, fail(err)
	}
	a, err := cloud.Open(ctx, r.sc.AWS, r.network.aws)
	if err != nil {
		return nil, fail(err)
	}
	warnings, err := a.Guard(ctx)
	if err != nil {
		return nil, fail(err)
	}
	more, err := a.Last(ctx, a.Now().Add(undone), aws.Sticky(a.Drivers, r.faults))
	if err != nil {
		return nil, fail(err)
	}
	warnings = append(warnings, more...)
	for _, w := range warnings {
		r.warnings = append(r.warnings, r.sc.Redact(w))
	}
	applier := aws.New(aws.Config{
		AWS: r.sc.AWS, Drivers: a.Drivers, Run: r.id, Journal: r.journal, Refresh: a.Refresh, Now: a.Now,
		Before: func(ctx context.Context, alone bool) error { return a.Still(ctx, r.id, alone) },
		Bites:  outside(r.sc.AWS, r.target.bites), Healthy: outside(r.sc.AWS, r.target.healthy),
	})
	if err := applier.Rehearse(ctx, r.faults); err != nil {
		return nil, fail(err)
	}
	if err := applier.Lock(ctx, a.Now().Add(undone)); err != nil {
		freed := unlock(ctx, applier)
		if ctx.Err() != nil && freed == nil {
			return nil, &exitError{reports.ExitInterrupted, "interrupted before the run began", err}
		}
		return nil, fail(errors.Join(err, freed))
	}
	r.stopped = a.Stopped
	return applier, nil
}

// unlock gives the targets of a run free.
func unlock(ctx context.Context, a *aws.Applier) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cloud.Limit)
	defer cancel()
	return a.Unlock(ctx)
}

// outside looks at the stream for faults that show in media playlists for as
// long as they hold; the others are seen by what AWS says alone.
func outside(cfg *chaos.AWS, look func(context.Context, *chaos.Fault) (bool, string)) func(context.Context, *chaos.Fault) (bool, string) {
	return func(ctx context.Context, f *chaos.Fault) (bool, string) {
		if !cfg.ShowsInPlaylists(f) {
			return true, "nobody looked at the stream"
		}
		return look(ctx, f)
	}
}

// leverEvery is how often the account's safety lever is looked at.
const leverEvery = 10 * time.Second

// watchLever ends the run when somebody engages the account's safety lever.
func (r *realRun) watchLever(ctx context.Context) {
	if r.stopped == nil {
		return
	}
	every := time.NewTicker(leverEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if err := r.stopped(ctx); err != nil && ctx.Err() == nil {
			r.conductor.Abort(r.sc.Redact(err.Error()))
			return
		}
	}
}

// tidyAWS takes away what undoing has left there, and tells what others have
// changed meanwhile.
func (r *realRun) tidyAWS(ctx context.Context) {
	if r.onAWS == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cloud.Limit)
	defer cancel()
	if err := r.onAWS.Tidy(ctx); err != nil {
		r.warnings = append(r.warnings, r.sc.Redact("AWS: something harmless is left: "+err.Error()))
	}
	if err := unlock(ctx, r.onAWS); err != nil {
		r.warnings = append(r.warnings, r.sc.Redact("AWS: "+err.Error()+"; hlsload undo does that, too, and it counts no more after some minutes"))
	}
	for _, what := range r.onAWS.Review(ctx) {
		r.warnings = append(r.warnings, r.sc.Redact("AWS: "+what))
	}
}

// leftOnAWS says what may be left there after a run.
func (r *realRun) leftOnAWS(outcomes []chaos.Outcome) (left []string) {
	for i := range outcomes {
		if o := &outcomes[i]; o.Tried && o.Fault.Via == chaos.ViaAWS && !o.Fault.Kind.Spec().Instant && !(o.Undone && o.UndoVerified) {
			left = append(left, fmt.Sprintf("fault %s may be left on AWS; put it back with: hlsload undo %s", o.Fault.Name, r.journal.Path()))
		}
	}
	return left
}

// accounts undoes faults on AWS that a journal says were left.
type accounts struct {
	network  network
	patience time.Duration
	open     map[string]*aws.Undoer
}

func (a *accounts) undo(ctx context.Context, l journal.Line) error {
	byAccount := map[string][]journal.Call{}
	var order []string
	var problems []error
	for _, call := range l.Calls {
		clear, err := call.Reveal(os.LookupEnv)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		key := clear.Account + " " + clear.Region
		if byAccount[key] == nil {
			order = append(order, key)
		}
		byAccount[key] = append(byAccount[key], clear)
	}
	for i := len(order) - 1; i >= 0; i-- {
		u, err := a.undoer(ctx, order[i])
		if err == nil {
			one := l
			one.Calls = byAccount[order[i]]
			err = u.Undo(ctx, one)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// heal looks whether what was undone goes on.
func (a *accounts) heal(ctx context.Context) (seen []string, err error) {
	var problems []error
	for _, u := range a.open {
		more, err := u.Heal(ctx)
		seen, problems = append(seen, more...), append(problems, err)
	}
	return seen, errors.Join(problems...)
}

func (a *accounts) undoer(ctx context.Context, key string) (*aws.Undoer, error) {
	if u := a.open[key]; u != nil {
		return u, nil
	}
	id, region, _ := strings.Cut(key, " ")
	acc, err := cloud.Open(ctx, &chaos.AWS{Account: id, Region: region}, a.network.aws)
	if err != nil {
		return nil, err
	}
	if err := acc.Identify(ctx); err != nil {
		return nil, err
	}
	u := acc.Undoer(a.patience)
	if a.open == nil {
		a.open = map[string]*aws.Undoer{}
	}
	a.open[key] = u
	return u, nil
}
