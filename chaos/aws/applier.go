package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/journal"
)

// Recorder is a journal: a call is on disk when Call returns.
type Recorder interface {
	Call(*chaos.Fault, journal.Call) error
	Called(*chaos.Fault, journal.Call, error) error
	// Over says that nothing is left.
	Over(*chaos.Fault) error
}

// Config configures an [Applier].
type Config struct {
	AWS     *chaos.AWS
	Drivers []Driver // changes are made in their order
	Run     string
	Journal Recorder
	Now     func() time.Time
	// Bites and Healthy look at the stream from outside, beside what AWS says;
	// nil = nobody does.
	Bites, Healthy func(ctx context.Context, f *chaos.Fault) (bool, string)
	// Before is asked before every fault, with whether none of the others holds;
	// its error keeps the fault from being made. Nil = nobody is asked. The
	// guards have looked when the run began, which may be long ago.
	Before func(ctx context.Context, alone bool) error
	// Refresh is called before an undo is tried again: credentials may have
	// been lost. nil = there are no others.
	Refresh func()
}

// Applier applies faults via aws. It is a [chaos.Applier].
type Applier struct {
	cfg Config
	// changing: what several faults change together, such as the schedule of a
	// channel, is read and written as a whole.
	changing turn
	mu       sync.Mutex
	made     map[*chaos.Fault][]Change
	failed   map[*chaos.Fault]bool // an undo failed
	held     map[*chaos.Fault]bool // made, or begun to be, and not undone
	looked   map[*chaos.Fault]time.Time
	closed   bool         // nothing is applied any more
	lock     *chaos.Fault // the run's claim of its targets
}

// turn is a lock that is waited for no longer than a context lasts.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	default:
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("another fault is still being made or undone: %w", context.Cause(ctx))
	}
}

func (t turn) give() { <-t }

// New returns an applier.
func New(cfg Config) *Applier {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Applier{cfg: cfg, made: map[*chaos.Fault][]Change{}, failed: map[*chaos.Fault]bool{}, held: map[*chaos.Fault]bool{}, looked: map[*chaos.Fault]time.Time{}, lock: newLock(), changing: make(turn, 1)}
}

// Apply makes the changes of a fault, each once it is in the journal.
func (a *Applier) Apply(ctx context.Context, f *chaos.Fault) error {
	if err := a.changing.take(ctx); err != nil {
		return err
	}
	defer a.changing.give()
	if a.isClosed() {
		return errors.New("the run is being ended")
	}
	if a.cfg.Before != nil {
		if err := a.cfg.Before(ctx, len(a.held) == 0); err != nil {
			return err
		}
	}
	a.held[f] = true
	o := a.order(f)
	n := 0
	for _, s := range steps(a.cfg.Drivers, o) {
		n++
		if err := a.make(ctx, o, s.driver, s.change, n); err != nil {
			return err
		}
	}
	if n == 0 {
		return fmt.Errorf("no service makes %s on AWS", f.Kind)
	}
	return nil
}

// Rehearse reads what every fault would read, so that what cannot be done is
// found before anything is.
func (a *Applier) Rehearse(ctx context.Context, faults []chaos.Fault) error {
	var problems []error
	for i := range faults {
		f := &faults[i]
		if f.Via != chaos.ViaAWS || f.Occurrence > 1 {
			continue
		}
		for _, s := range steps(a.cfg.Drivers, a.order(f)) {
			if keeps(s.change) {
				continue // it reads what it watches
			}
			if err := s.change.Read(ctx); err != nil {
				problems = append(problems, fmt.Errorf("fault %s: %s of %s: %w", f.Name, s.change.Op(), s.change.Target(), err))
			}
		}
	}
	return errors.Join(problems...)
}

func (a *Applier) order(f *chaos.Fault) *Order {
	length := f.For
	if length <= 0 {
		length = a.cfg.AWS.Longest()
	}
	return &Order{Fault: f, Run: a.cfg.Run, Expires: a.cfg.Now().Add(length + chaos.AWSMargin).UTC().Truncate(time.Second)}
}

func (a *Applier) make(ctx context.Context, o *Order, d Driver, c Change, n int) error {
	what := func(err error) error { return fmt.Errorf("%s %s of %s: %w", d.Service(), c.Op(), c.Target(), err) }
	if err := c.Read(ctx); err != nil {
		return what(err)
	}
	for _, w := range a.changes(o.Fault) {
		if k, ok := w.(keeper); ok {
			if err := k.Fits(); err != nil {
				return what(err)
			}
		}
	}
	call, err := a.call(o, d, c, n)
	if err != nil {
		return what(err)
	}
	if err := a.cfg.Journal.Call(o.Fault, call); err != nil {
		return err
	}
	a.mu.Lock()
	a.made[o.Fault] = append(a.made[o.Fault], c)
	a.mu.Unlock()
	err = c.Make(ctx)
	if err != nil {
		err = what(err)
	}
	// What the answers told, such as the version of what was made, goes with it.
	before := call.Change
	if call.Change, _ = json.Marshal(c); bytes.Equal(call.Change, before) {
		call.Change = nil
	}
	return errors.Join(err, a.cfg.Journal.Called(o.Fault, call, err))
}

// call is the change as the journal has it.
func (a *Applier) call(o *Order, d Driver, c Change, n int) (journal.Call, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return journal.Call{}, err
	}
	var undo []string
	for _, call := range c.Calls() {
		if call.When == Undoes {
			undo = append(undo, call.Action+" "+call.Request)
		}
	}
	return journal.Call{
		N: n, Run: o.Run, Account: a.cfg.AWS.Account, Region: a.cfg.AWS.Region, Service: d.Service(), Op: c.Op(), Target: c.Target(),
		Expires: expires(c), Undo: strings.Join(undo, "; "), Change: data,
	}, nil
}

// expires is when a change ends by itself; the zero time = never.
func expires(c Change) time.Time {
	if e, ok := c.(interface{ Expiry() time.Time }); ok {
		return e.Expiry()
	}
	return time.Time{}
}

func (a *Applier) changes(f *chaos.Fault) []Change {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.made[f]
}

// Undo undoes the changes of a fault, the last one first. One that fails does
// not keep the others from being undone.
func (a *Applier) Undo(ctx context.Context, f *chaos.Fault) error {
	if err := a.changing.take(ctx); err != nil {
		return err
	}
	defer a.changing.give()
	if a.failed[f] && a.cfg.Refresh != nil {
		a.cfg.Refresh()
	}
	var problems []error
	all := a.changes(f)
	for i := len(all) - 1; i >= 0; i-- {
		if keeps(all[i]) && len(problems) > 0 {
			continue // it may be needed yet
		}
		if err := all[i].Undo(ctx); err != nil {
			problems = append(problems, fmt.Errorf("%s of %s: %w", all[i].Op(), all[i].Target(), err))
		}
	}
	a.failed[f] = len(problems) > 0
	if !a.failed[f] {
		delete(a.held, f)
	}
	return errors.Join(problems...)
}

// lookEvery is the pause between two looks at AWS, which counts requests.
const lookEvery = 2 * time.Second

// wait keeps looks apart.
func (a *Applier) wait(ctx context.Context, f *chaos.Fault) {
	a.mu.Lock()
	due := a.looked[f].Add(lookEvery).Sub(a.cfg.Now())
	a.mu.Unlock()
	if due > 0 {
		timer := time.NewTimer(due)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	a.mu.Lock()
	a.looked[f] = a.cfg.Now()
	a.mu.Unlock()
}

// Look tells whether AWS shows every change, and the stream the fault.
func (a *Applier) Look(ctx context.Context, f *chaos.Fault) (bool, string) {
	a.wait(ctx, f)
	var seen []string
	for _, c := range a.changes(f) {
		ok, detail := c.Bites(ctx)
		if !ok {
			return false, detail
		}
		seen = append(seen, detail)
	}
	if a.cfg.Bites != nil {
		ok, detail := a.cfg.Bites(ctx, f)
		return ok, strings.Join(append(seen, detail), "; ")
	}
	return true, strings.Join(seen, "; ")
}

// LookUndone tells whether nothing of the fault is left on AWS, and the stream
// is as it should be.
func (a *Applier) LookUndone(ctx context.Context, f *chaos.Fault) (bool, string) {
	a.wait(ctx, f)
	var seen []string
	for _, c := range a.changes(f) {
		ok, detail := c.Healthy(ctx)
		if !ok {
			return false, detail
		}
		seen = append(seen, detail)
	}
	if a.cfg.Healthy != nil {
		ok, detail := a.cfg.Healthy(ctx, f)
		if !ok {
			return false, detail
		}
		seen = append(seen, detail)
	}
	return true, strings.Join(seen, "; ")
}

// Tidy takes away what undoing has left, such as the action of a schedule that
// ended another: at the end of a run. What it cannot take away does no harm.
func (a *Applier) Tidy(ctx context.Context) error {
	a.mu.Lock()
	var all []Change
	for _, changes := range a.made {
		all = append(all, changes...)
	}
	a.mu.Unlock()
	var problems []error
	for _, c := range all {
		problems = append(problems, tidy(ctx, c))
	}
	return errors.Join(problems...)
}

// Review tells what others have changed meanwhile of what was changed, too: for
// who reads the results.
func (a *Applier) Review(ctx context.Context) []string {
	a.mu.Lock()
	var all []Change
	for _, changes := range a.made {
		all = append(all, changes...)
	}
	a.mu.Unlock()
	return review(ctx, all)
}

// UndoAll undoes every fault that was made, and applies none any more: for a
// program that has lost its way. What is undone already is no trouble.
func (a *Applier) UndoAll(ctx context.Context) error {
	a.mu.Lock()
	a.closed = true
	var all []*chaos.Fault
	for f := range a.made {
		all = append(all, f)
	}
	a.mu.Unlock()
	var problems []error
	for _, f := range all {
		if err := a.Undo(ctx, f); err != nil {
			problems = append(problems, fmt.Errorf("fault %s: %w", f.Name, err))
		}
	}
	return errors.Join(problems...)
}

func (a *Applier) isClosed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closed
}
