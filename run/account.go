package run

import (
	"context"
	"errors"
	"fmt"
	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/reports/monitor"
	"hlsload/run/cloud"
	"slices"
	"time"
)

// account is the AWS account that a run changes or watches.
type account struct {
	applier *aws.Applier                // nil = nothing is changed there
	stopped func(context.Context) error // reports that the account's owners have stopped experiments
	watcher cloud.Watcher               // nil = nothing is watched
	monitor *monitor.Monitor
}

// openAccount checks that a run with faults via aws may begin, and locks its
// targets.
func (r *live) openAccount(ctx context.Context) error {
	if !slices.ContainsFunc(r.faults, func(f chaos.Fault) bool { return f.Via == chaos.ViaAWS }) {
		return nil
	}
	fail := func(err error) error {
		return &Error{Cloud, r.sc.Redact("AWS, before anything was changed: " + err.Error()), err}
	}
	length := r.sc.Duration + r.sc.Recovery
	undone := length + cloud.Patience // from now until everything is certainly undone
	if err := r.sc.AWS.Hours.Allows(time.Now(), time.Now().Add(length)); err != nil {
		return fail(err)
	}
	a, err := cloud.Open(ctx, r.sc.AWS, r.cfg.Network.AWS)
	if err != nil {
		return fail(err)
	}
	warnings, err := a.Guard(ctx)
	if err != nil {
		return fail(err)
	}
	more, err := a.Last(ctx, a.Now().Add(undone), aws.Sticky(a.Drivers, r.faults))
	if err != nil {
		return fail(err)
	}
	warnings = append(warnings, more...)
	for _, w := range warnings {
		r.warnings = append(r.warnings, r.sc.Redact(w))
	}
	applier := aws.New(aws.Config{
		AWS: r.sc.AWS, Drivers: a.Drivers, Run: r.id, Journal: r.chaos.journal, Refresh: a.Refresh, Now: a.Now,
		Before: func(ctx context.Context, alone bool) error { return a.Still(ctx, r.id, alone) },
		Bites:  outside(r.sc.AWS, r.target.bites), Healthy: outside(r.sc.AWS, r.target.healthy),
	})
	if err := applier.Rehearse(ctx, r.faults); err != nil {
		return fail(err)
	}
	if err := applier.Lock(ctx, a.Now().Add(undone)); err != nil {
		freed := cloud.Unlock(ctx, applier)
		if ctx.Err() != nil && freed == nil {
			return &Error{Interrupted, "interrupted before the run began", err}
		}
		return fail(errors.Join(err, freed))
	}
	r.account.applier, r.account.stopped = applier, a.Stopped
	return nil
}

// unlock releases the targets of the run, if it locked any.
func (r *live) unlock(ctx context.Context) error {
	if r.account.applier == nil {
		return nil
	}
	return cloud.Unlock(ctx, r.account.applier)
}

// outside checks the stream for faults that show in media playlists while they
// are on. Other faults can be checked on AWS only.
func outside(cfg *chaos.AWS, look func(context.Context, *chaos.Fault) (bool, string)) func(context.Context, *chaos.Fault) (bool, string) {
	return func(ctx context.Context, f *chaos.Fault) (bool, string) {
		if !cfg.ShowsInPlaylists(f) {
			return true, "the stream was not checked"
		}
		return look(ctx, f)
	}
}

// leverEvery is how often the account's safety lever is read.
const leverEvery = 10 * time.Second

// watchLever ends the run when the account's safety lever is engaged.
func (r *live) watchLever(ctx context.Context) {
	if r.account.stopped == nil {
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
		if err := r.account.stopped(ctx); err != nil && ctx.Err() == nil {
			r.chaos.conductor.Abort(r.sc.Redact(err.Error()))
			return
		}
	}
}

// tidyAWS removes what undoing left on AWS. It returns warnings: what could not be
// removed, and what others changed during the run.
func (r *live) tidyAWS(ctx context.Context) (warnings []string) {
	if r.account.applier == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cloud.Limit)
	defer cancel()
	warn := func(format string, args ...any) {
		warnings = append(warnings, r.sc.Redact("AWS: "+fmt.Sprintf(format, args...)))
	}
	if err := r.account.applier.Tidy(ctx); err != nil {
		warn("harmless leftovers: %v", err)
	}
	if err := r.unlock(ctx); err != nil {
		warn("%v; hlsload undo removes it, and it expires by itself after some minutes", err)
	}
	for _, what := range r.account.applier.Review(ctx) {
		warn("%s", what)
	}
	return warnings
}

// leftOnAWS lists the faults that may still be on after a run.
func (r *live) leftOnAWS(outcomes []chaos.Outcome) (left []string) {
	for i := range outcomes {
		if o := &outcomes[i]; o.Tried && o.Fault.Via == chaos.ViaAWS && !o.Fault.Kind.Spec().Instant && !(o.Undone && o.UndoVerified) {
			left = append(left, fmt.Sprintf("fault %s may be left on AWS; put it back with: hlsload undo %s", o.Fault.Name, r.chaos.journal.Path()))
		}
	}
	return left
}
