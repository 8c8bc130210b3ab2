package run

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/command"
	"hlsload/chaos/journal"
	"hlsload/run/cloud"
	"hlsload/scenarios/redact"
)

// Undoer undoes the faults that an interrupted run left on, as its journal says.
// Faults via rig and viewer ended with the process.
type Undoer struct {
	AWS      http.RoundTripper // carries requests to AWS; nil = the system's
	Patience time.Duration     // how long to retry on AWS
	Secrets  *redact.Secrets   // values looked up in the environment are added
	open     map[string]*aws.Undoer
}

// Undo undoes what the journal in a file says was left.
func (a *Undoer) Undo(ctx context.Context, journalFile string) (journal.Report, error) {
	return journal.Undo(ctx, journalFile, a.undoers())
}

// onAWS undoes a fault via aws.
func (a *Undoer) onAWS(ctx context.Context, l journal.Line) error {
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

// Heal reports whether what was undone on AWS works again.
func (a *Undoer) Heal(ctx context.Context) (seen []string, err error) {
	var problems []error
	for _, u := range a.open {
		more, err := u.Heal(ctx)
		seen, problems = append(seen, more...), append(problems, err)
	}
	return seen, errors.Join(problems...)
}

func (a *Undoer) undoer(ctx context.Context, key string) (*aws.Undoer, error) {
	if u := a.open[key]; u != nil {
		return u, nil
	}
	id, region, _ := strings.Cut(key, " ")
	acc, err := cloud.Open(ctx, &chaos.AWS{Account: id, Region: region}, a.AWS)
	if err != nil {
		return nil, err
	}
	if err := acc.Identify(ctx); err != nil {
		return nil, err
	}
	u := acc.Undoer(a.Patience)
	if a.open == nil {
		a.open = map[string]*aws.Undoer{}
	}
	a.open[key] = u
	return u, nil
}

// undoers undo a fault, by the applier that applied it. Their errors show no
// secrets.
func (a *Undoer) undoers() map[chaos.Via]journal.Undoer {
	lookup := func(name string) (string, bool) {
		value, set := os.LookupEnv(name)
		a.Secrets.Add(value, "${"+name+"}")
		return value, set
	}
	all := map[chaos.Via]journal.Undoer{
		chaos.ViaCommand: func(ctx context.Context, l journal.Line) error {
			return command.Stop(ctx, l.Stop, l.Dir, lookup)
		},
		chaos.ViaAWS: a.onAWS,
		chaos.ViaManual: func(_ context.Context, l journal.Line) error {
			return fmt.Errorf("a person made fault %s (want that person to end it)", l.Name)
		},
	}
	for via, undo := range all {
		all[via] = func(ctx context.Context, l journal.Line) error {
			return redact.Error(undo(ctx, l), a.Secrets.Text)
		}
	}
	return all
}
