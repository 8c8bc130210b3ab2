package aws

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/journal"
)

// service is a driver that makes one kind of fault, by a change that hangs as
// long as it is told to.
type service struct {
	Driver
	name   string
	kind   chaos.Kind
	about  func(*About)
	left   []Leftover
	silent bool          // it has no call that undoes
	hang   chan struct{} // nil = it does not
	made   int
	undos  int
}

func (s *service) Service() string { return s.name }

func (s *service) Changes(o *Order) []Change {
	if o.Fault.Kind != s.kind {
		return nil
	}
	return []Change{&change{s: s, Mark: o.Mark("-")}}
}

func (s *service) Target() string { return s.name }

func (s *service) Guard(context.Context) ([]Finding, error) { return nil, nil }

func (s *service) Leftovers(context.Context) ([]Leftover, error) { return s.left, nil }

func (s *service) Empty() []Change { return []Change{&change{s: s}} }

type change struct {
	Change
	s    *service
	Mark string
}

func (c *change) About() About {
	a := About{Op: "change", Target: "arn:" + c.s.name, Owner: c.Mark, End: Stays()}
	if c.s.about != nil {
		c.s.about(&a)
	}
	return a
}

func (c *change) Calls() []Call {
	if c.s.silent {
		return nil
	}
	return []Call{{When: Undoes}}
}

func (c *change) Read(context.Context) error { return nil }

func (c *change) Make(ctx context.Context) error {
	c.s.made++
	if c.s.hang == nil {
		return nil
	}
	select {
	case <-c.s.hang:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *change) Undo(context.Context) error {
	c.s.undos++
	return nil
}

// paper is a journal that forgets.
type paper struct{}

func (paper) Call(*chaos.Fault, journal.Call) error          { return nil }
func (paper) Called(*chaos.Fault, journal.Call, error) error { return nil }
func (paper) Over(*chaos.Fault) error                        { return nil }

const run = "0123abcd"

func applierOf(drivers ...Driver) *Applier {
	return New(Config{AWS: &chaos.AWS{}, Drivers: drivers, Run: run, Journal: paper{}})
}

// While a fault hangs at one service, one at another is undone; one at the same
// service waits no longer than it may, so that it can be tried again, or told
// that it was not done.
func TestUndoDoesNotWaitForOtherServices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := &service{name: "medialive", kind: chaos.PipelinePause}
		store := &service{name: "s3", kind: chaos.OriginStatus}
		a := applierOf(live, store)
		denied, paused, stuck := &chaos.Fault{Name: "denied", Kind: store.kind}, &chaos.Fault{Name: "paused", Kind: live.kind}, &chaos.Fault{Name: "stuck", Kind: live.kind}
		for _, f := range []*chaos.Fault{denied, paused} {
			if err := a.Apply(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		live.hang = make(chan struct{})
		applied := make(chan error, 1)
		go func() { applied <- a.Apply(t.Context(), stuck) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := a.Undo(ctx, denied); err != nil || time.Since(began) != 0 || store.undos != 1 {
			t.Errorf("at s3, after %v: %d undone, %v", time.Since(began), store.undos, err)
		}
		err := a.Undo(ctx, paused)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "another fault is still being applied") || time.Since(began) != time.Minute {
			t.Errorf("at medialive, after %v: %v", time.Since(began), err)
		}
		close(live.hang)
		if err := <-applied; err != nil {
			t.Error(err)
		}
		if err := a.Undo(t.Context(), paused); err != nil || live.undos != 1 {
			t.Errorf("afterwards: %d undone, %v", live.undos, err)
		}
	})
}

// What is undone for good is not made any more, and what is being made then is
// undone once it was.
func TestUndoAllWaitsForWhatIsBeingMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := &service{name: "medialive", kind: chaos.PipelinePause, hang: make(chan struct{})}
		a := applierOf(live)
		go func() { _ = a.Apply(t.Context(), &chaos.Fault{Kind: live.kind}) }()
		synctest.Wait()
		time.AfterFunc(time.Second, func() { close(live.hang) })
		if err := a.UndoAll(t.Context()); err != nil || live.undos != 1 {
			t.Errorf("%d undone, %v", live.undos, err)
		}
		if err := a.Apply(t.Context(), &chaos.Fault{Kind: live.kind}); !errors.Is(err, errEnding) || live.made != 1 {
			t.Errorf("made %d, the last with %v", live.made, err)
		}
	})
}

// A change that leaves something of itself undescribed is neither made nor
// undone from a journal.
func TestUndescribedChangesAreNotMade(t *testing.T) {
	for lacks, drop := range map[string]func(*About){
		"an operation": func(a *About) { a.Op = "" }, "a target": func(a *About) { a.Target = "" },
		"an owner": func(a *About) { a.Owner = "" }, "an end": func(a *About) { a.End = End{} },
	} {
		s := &service{name: "s3", kind: chaos.OriginStatus, about: drop}
		if err := applierOf(s).Apply(t.Context(), &chaos.Fault{Kind: s.kind}); err == nil || !strings.Contains(err.Error(), lacks) || s.made != 0 {
			t.Errorf("without %s: made %d, %v", lacks, s.made, err)
		}
		u := Undoer{Drivers: []Driver{s}, Lookup: func(string) (string, bool) { return "", false }}
		call := journal.Call{Run: run, Service: "s3", Op: "change", Change: []byte(`{"Mark":"hlsload-` + run + `-f0n1"}`)}
		if err := u.Undo(t.Context(), journal.Line{Calls: []journal.Call{call}}); err == nil || s.undos != 0 {
			t.Errorf("without %s: undone %d, %v", lacks, s.undos, err)
		}
	}
}

// A change whose calls contradict its description is not made.
func TestContradictingChangesAreNotMade(t *testing.T) {
	for want, s := range map[string]*service{
		"leaves nothing to undo":   {about: func(a *About) { a.Witness = true }},
		"stays until it is undone": {about: func(a *About) { a.End = Stays() }, silent: true},
	} {
		s.name, s.kind = "s3", chaos.OriginStatus
		if err := applierOf(s).Apply(t.Context(), &chaos.Fault{Kind: s.kind}); err == nil || !strings.Contains(err.Error(), want) || s.made != 0 {
			t.Errorf("%s: made %d, %v", want, s.made, err)
		}
	}
}

// What another run has left refuses a target, whatever its driver looks at; only
// a lock whose time has passed does not. A driver without a target is not asked,
// and makes nothing.
func TestGuardsAskForLeftovers(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for _, c := range []struct {
		left    Leftover
		target  string
		refuses bool
	}{
		{Leftover{What: "tag"}, "s3", true},
		{Leftover{What: "statement", Expires: now.Add(-time.Hour)}, "s3", true},
		{Leftover{What: "lock", Lock: true, Expires: now.Add(time.Hour)}, "s3", true},
		{Leftover{What: "lock", Lock: true, Expires: now.Add(-time.Hour)}, "s3", false},
		{Leftover{What: "tag"}, "", false},
	} {
		s := &service{name: c.target, kind: chaos.OriginStatus, left: []Leftover{c.left}}
		found, err := Guards(t.Context(), []Driver{s}, now)
		if refuses := len(found) == 1 && found[0].Refuses && strings.Contains(found[0].Text, c.left.What); err != nil || refuses != c.refuses || len(found) > 1 {
			t.Errorf("%+v: got %v, %v", c.left, found, err)
		}
		if all := steps([]Driver{s}, &Order{Fault: &chaos.Fault{Kind: s.kind}, Run: run}); (len(all) == 1) != (c.target != "") {
			t.Errorf("target %q: %d changes", c.target, len(all))
		}
	}
}
