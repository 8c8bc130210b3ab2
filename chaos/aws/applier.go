package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	// nil = they are not looked at.
	Bites, Healthy func(ctx context.Context, f *chaos.Fault) (bool, string)
	// Before is asked before every fault, with whether none of the others holds;
	// its error keeps the fault from being made. Nil = it is not asked. The
	// guards have looked when the run began, which may be long ago.
	Before func(ctx context.Context, alone bool) error
	// Refresh is called before an undo is tried again: credentials may have
	// been lost. nil = there are no others.
	Refresh func()
}

// Applier applies faults via aws. It is a [chaos.Applier].
type Applier struct {
	cfg Config
	// applying: faults are made one after another. Undoing waits for none of them,
	// but where both are at work in the same service.
	applying turn
	// changing has the turn of each service: what several faults change together,
	// such as the schedule of a channel, is read and written as a whole.
	changing map[string]turn
	lock     *chaos.Fault // the run's claim of its targets

	mu     sync.Mutex
	made   map[*chaos.Fault][]step
	failed map[*chaos.Fault]bool // an undo failed
	held   map[*chaos.Fault]bool // made, or begun to be, and not undone
	looked map[*chaos.Fault]time.Time
	closed bool // nothing is applied any more
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
		return fmt.Errorf("another fault is still being applied or undone: %w", context.Cause(ctx))
	}
}

func (t turn) give() { <-t }

// at takes the turns of services; give returns them.
func (a *Applier) at(ctx context.Context, services ...string) (give func(), err error) {
	services = slices.Compact(slices.Sorted(slices.Values(services))) // one order, so that two never wait for each other
	give = func() {}
	for _, service := range services {
		t := a.changing[service]
		if err := t.take(ctx); err != nil {
			give()
			return nil, fmt.Errorf("%s: %w", service, err)
		}
		before := give
		give = func() { t.give(); before() }
	}
	return give, nil
}

// New returns an applier.
func New(cfg Config) *Applier {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	a := &Applier{cfg: cfg, made: map[*chaos.Fault][]step{}, failed: map[*chaos.Fault]bool{}, held: map[*chaos.Fault]bool{}, looked: map[*chaos.Fault]time.Time{},
		lock: newLock(), applying: make(turn, 1), changing: map[string]turn{}}
	for _, d := range cfg.Drivers {
		a.changing[d.Service()] = make(turn, 1)
	}
	return a
}

// errEnding is why nothing is made any more.
var errEnding = errors.New("the run is ending")

// Apply makes the changes of a fault, each once it is in the journal.
func (a *Applier) Apply(ctx context.Context, f *chaos.Fault) error {
	if err := a.applying.take(ctx); err != nil {
		return err
	}
	defer a.applying.give()
	a.mu.Lock()
	closed, alone := a.closed, len(a.held) == 0
	a.mu.Unlock()
	if closed {
		return errEnding
	}
	if a.cfg.Before != nil {
		if err := a.cfg.Before(ctx, alone); err != nil {
			return err
		}
	}
	a.mu.Lock()
	a.held[f] = true
	a.mu.Unlock()
	o := a.order(f)
	all := steps(a.cfg.Drivers, o)
	for i, s := range all {
		if err := a.make(ctx, o, s, i+1); err != nil {
			return err
		}
	}
	if len(all) == 0 {
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
				problems = append(problems, fmt.Errorf("fault %s: %s: %w", f.Name, s.change.About(), err))
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

func (a *Applier) make(ctx context.Context, o *Order, s step, n int) error {
	c := s.change
	what := func(err error) error { return fmt.Errorf("%s %s: %w", s.driver.Service(), c.About(), err) }
	if err := check(c); err != nil {
		return what(err)
	}
	services := []string{s.driver.Service()}
	if s.watched != nil {
		services = append(services, s.watched.Service()) // it reads what it watches
	}
	give, err := a.at(ctx, services...)
	if err != nil {
		return err
	}
	defer give()
	if err := c.Read(ctx); err != nil {
		return what(err)
	}
	for _, w := range a.steps(o.Fault) {
		if k, ok := w.change.(Keeper); ok {
			if err := k.Fits(); err != nil {
				return what(err)
			}
		}
	}
	call, err := a.call(o, s, n)
	if err != nil {
		return what(err)
	}
	if err := a.cfg.Journal.Call(o.Fault, call); err != nil {
		return err
	}
	if err := a.begin(o.Fault, s); err != nil {
		return err
	}
	err = c.Make(ctx)
	if err != nil {
		err = what(err)
	}
	// What was learnt from the answers, such as the version of what was made, goes
	// with it.
	before := call.Change
	if call.Change, _ = json.Marshal(c); bytes.Equal(call.Change, before) {
		call.Change = nil
	}
	return errors.Join(err, a.cfg.Journal.Called(o.Fault, call, err))
}

// begin notes a change that is made from now on, and has to be undone.
func (a *Applier) begin(f *chaos.Fault, s step) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return errEnding
	}
	a.made[f] = append(a.made[f], s)
	return nil
}

// call is the journal's record of the change.
func (a *Applier) call(o *Order, s step, n int) (journal.Call, error) {
	c, about := s.change, s.change.About()
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
		N: n, Run: o.Run, Account: a.cfg.AWS.Account, Region: a.cfg.AWS.Region, Service: s.driver.Service(), Op: about.Op, Target: about.Target,
		Expires: about.End.at, Undo: strings.Join(undo, "; "), Change: data,
	}, nil
}

// steps are the changes of a fault that were made, or begun to be.
func (a *Applier) steps(f *chaos.Fault) []step {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.made[f])
}

// Undo undoes the changes of a fault, the last one first. One that fails does
// not keep the others from being undone.
func (a *Applier) Undo(ctx context.Context, f *chaos.Fault) error {
	a.mu.Lock()
	again := a.failed[f]
	a.mu.Unlock()
	if again && a.cfg.Refresh != nil {
		a.cfg.Refresh()
	}
	var problems []error
	all := a.steps(f)
	for i := len(all) - 1; i >= 0; i-- {
		if keeps(all[i].change) && len(problems) > 0 {
			continue // it may be needed yet
		}
		if err := a.undo(ctx, all[i]); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", all[i].change.About(), err))
		}
	}
	a.mu.Lock()
	a.failed[f] = len(problems) > 0
	if !a.failed[f] {
		delete(a.held, f)
	}
	a.mu.Unlock()
	return errors.Join(problems...)
}

func (a *Applier) undo(ctx context.Context, s step) error {
	give, err := a.at(ctx, s.driver.Service())
	if err != nil {
		return err
	}
	defer give()
	return s.change.Undo(ctx)
}

// lookEvery is the pause between two looks at AWS, which counts requests.
const lookEvery = 2 * time.Second

// wait keeps looks apart.
func (a *Applier) wait(ctx context.Context, f *chaos.Fault) {
	a.mu.Lock()
	due := a.looked[f].Add(lookEvery).Sub(a.cfg.Now())
	a.mu.Unlock()
	if due > 0 {
		_ = Wait(ctx, due) // the look itself says why it fails
	}
	a.mu.Lock()
	a.looked[f] = a.cfg.Now()
	a.mu.Unlock()
}

// Look reports whether AWS shows every change, and the stream the fault.
func (a *Applier) Look(ctx context.Context, f *chaos.Fault) (bool, string) {
	return a.look(ctx, f, Change.Bites, a.cfg.Bites)
}

// LookUndone reports whether nothing of the fault is left on AWS, and the stream
// is as it should be.
func (a *Applier) LookUndone(ctx context.Context, f *chaos.Fault) (bool, string) {
	return a.look(ctx, f, Change.Healthy, a.cfg.Healthy)
}

// look looks at every change, and then at the stream.
func (a *Applier) look(ctx context.Context, f *chaos.Fault, at func(Change, context.Context) (bool, string), stream func(context.Context, *chaos.Fault) (bool, string)) (bool, string) {
	a.wait(ctx, f)
	var seen []string
	for _, s := range a.steps(f) {
		ok, detail := at(s.change, ctx)
		if !ok {
			return false, detail
		}
		seen = append(seen, detail)
	}
	ok := true
	if stream != nil {
		var detail string
		ok, detail = stream(ctx, f)
		seen = append(seen, detail)
	}
	return ok, strings.Join(seen, "; ")
}

// Tidy takes away what undoing has left, such as the action of a schedule that
// ended another: at the end of a run. What it cannot take away does no harm.
func (a *Applier) Tidy(ctx context.Context) error {
	var problems []error
	for _, c := range a.all() {
		problems = append(problems, tidy(ctx, c))
	}
	return errors.Join(problems...)
}

// Review reports what others have changed meanwhile of what was changed, too, for
// the report.
func (a *Applier) Review(ctx context.Context) []string { return review(ctx, a.all()) }

// all are the changes of all faults.
func (a *Applier) all() (all []Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, steps := range a.made {
		for _, s := range steps {
			all = append(all, s.change)
		}
	}
	return all
}

// UndoAll undoes every fault that was made, and applies none any more: for a
// program that has failed. Faults that are undone already do no harm.
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
