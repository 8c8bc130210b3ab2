package run

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/journal"
	"hlsload/run/cloud"
)

// guard is deferred in each goroutine of a run. After a panic it undoes the faults
// that would outlive the program, before the program ends.
func (r *live) guard() {
	stays := func(f chaos.Fault) bool { return f.Via == chaos.ViaAWS || f.Via == chaos.ViaCommand }
	if r.chaos.journal == nil || !slices.ContainsFunc(r.faults, stays) {
		return
	}
	p := recover()
	if p == nil {
		return
	}
	stack := debug.Stack()
	r.rescuing.Do(func() {
		w := cmp.Or(r.cfg.Notices, io.Discard)
		fmt.Fprintf(w, "hlsload: panic: %s\n%s\nhlsload: what was changed is put back first\n", r.sc.Redact(fmt.Sprint(p)), stack)
		if err := r.rescue(w); err != nil {
			fmt.Fprintf(w, "hlsload: not put back: %s\nput it back with: hlsload undo %s\n", r.sc.Redact(err.Error()), r.chaos.journal.Path())
		} else {
			fmt.Fprintln(w, "hlsload: put back")
		}
		if r.cfg.Exit == nil {
			panic(p)
		}
		r.cfg.Exit()
	})
}

// rescue undoes every fault that was applied: those via aws through their applier,
// those via command from the journal. It closes the journal, so that no further
// fault can be applied.
func (r *live) rescue(w io.Writer) error {
	onAWS := r.rescueAWS()
	r.chaos.journal.Close()
	all := (&Undoer{Secrets: r.cfg.Secrets}).undoers()
	all[chaos.ViaAWS] = func(context.Context, journal.Line) error { return onAWS }
	ctx, cancel := context.WithTimeout(context.Background(), cloud.Limit)
	defer cancel()
	done, err := journal.Undo(ctx, r.chaos.journal.Path(), all)
	for _, i := range done.Items {
		if i.Line.Via == chaos.ViaCommand {
			fmt.Fprintf(w, "hlsload: fault %s: %s\n", r.sc.Redact(i.Line.Name), i.Action)
		}
	}
	if onAWS != nil && err == nil {
		err = onAWS
	}
	return err
}

// rescueAWS undoes the faults via aws. It retries for as long as a run does.
func (r *live) rescueAWS() error {
	if r.account.applier == nil {
		return nil
	}
	deadline := time.Now().Add(cloud.Patience)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), cloud.Limit)
		err := r.account.applier.UndoAll(ctx)
		cancel()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(time.Second)
	}
}
