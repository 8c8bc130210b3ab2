package conduct

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"hlsload/chaos"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a target on which faults take some time to show and to heal.
type world struct {
	mu      sync.Mutex
	calls   []string // "what name", in order
	calling map[*chaos.Fault]string
	overlap string
	since   map[*chaos.Fault]time.Time // applied, or undone

	slow     time.Duration // how long apply and undo take
	shows    time.Duration // from applied to showing
	heals    time.Duration // from undone to healthy
	applyErr error
	undoErrs int  // how many undoes fail
	hang     bool // looks hang until their context ends
}

func (w *world) begin(what string, f *chaos.Fault) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calling == nil {
		w.calling, w.since = map[*chaos.Fault]string{}, map[*chaos.Fault]time.Time{}
	}
	if other := w.calling[f]; other != "" {
		w.overlap = other + " and " + what
	}
	w.calling[f] = what
	w.calls = append(w.calls, what+" "+f.Name)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.calling, f)
		if what == "apply" || what == "undo" {
			w.since[f] = time.Now()
		}
	}
}

func (w *world) passed(f *chaos.Fault) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.since[f])
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *world) Apply(ctx context.Context, f *chaos.Fault) error {
	defer w.begin("apply", f)()
	if err := pause(ctx, w.slow); err != nil {
		return err
	}
	return w.applyErr
}

func (w *world) Look(ctx context.Context, f *chaos.Fault) (bool, string) {
	defer w.begin("look", f)()
	if w.hang {
		<-ctx.Done()
		return true, "too late"
	}
	return w.passed(f) >= w.shows, "looked"
}

func (w *world) Undo(ctx context.Context, f *chaos.Fault) error {
	defer w.begin("undo", f)()
	if err := pause(ctx, w.slow); err != nil {
		return err
	}
	return w.undoErr()
}

func (w *world) undoErr() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.undoErrs > 0 {
		w.undoErrs--
		return errors.New("busy")
	}
	return nil
}

func (w *world) LookUndone(_ context.Context, f *chaos.Fault) (bool, string) {
	defer w.begin("look-undone", f)()
	return w.passed(f) >= w.heals, "looked"
}

// distinct leaves out the repetitions of a call.
func (w *world) distinct() string {
	return strings.Join(slices.Compact(slices.Clone(w.calls)), ", ")
}

// log records steps and may refuse some.
type log struct {
	mu     sync.Mutex
	steps  []string
	refuse StepType
}

func (l *log) record(s Step) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := fmt.Sprintf("%v %s %s", s.At, s.Type, s.Fault.Name)
	if s.Err != "" {
		line += ": " + s.Err
	}
	l.steps = append(l.steps, line)
	if s.Type == l.refuse {
		return errors.New("disk full")
	}
	return nil
}

var timeline = chaos.Timeline{Duration: 60 * time.Second, Target: 4 * time.Second, Recovery: 10 * time.Second}

func fault(name string, at, length time.Duration) chaos.Fault {
	f := chaos.NewFault(name, chaos.PipelineKill)
	f.Via, f.At, f.For = chaos.ViaRig, at, length
	return f
}

func runner(t *testing.T, w *world, l *log, faults ...chaos.Fault) *Runner {
	t.Helper()
	r, err := New(Config{Faults: faults, Timeline: timeline, Appliers: map[chaos.Via]chaos.Applier{chaos.ViaRig: w}, Record: l.record})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{slow: time.Second, shows: 5 * time.Second, heals: 3 * time.Second}
		var l log
		began := time.Now()
		outcomes, aborted := runner(t, w, &l, fault("a", 10*time.Second, 20*time.Second)).Run(t.Context())
		if aborted != "" || time.Since(began) != 60*time.Second || w.overlap != "" {
			t.Errorf("aborted %q after %v, overlap %q", aborted, time.Since(began), w.overlap)
		}
		o := outcomes[0]
		if o.Void() != "" || o.AppliedAt != 11*time.Second || o.BittenAt != 16*time.Second || o.ClearedAt != 31*time.Second || o.HealthyAt != 34*time.Second {
			t.Errorf("%+v, void %q", o, o.Void())
		}
		want := []string{"10s apply a", "11s applied a", "16s bites a", "30s undo a", "31s undone a", "34s healthy a", "34s over a"}
		if !slices.Equal(l.steps, want) {
			t.Errorf("recorded %q, want %q", l.steps, want)
		}
	})
}

func TestInterruptUndoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{slow: 2 * time.Second, shows: time.Second, heals: 3 * time.Second, undoErrs: 1}
		var l log
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(15*time.Second, interrupt)
		r := runner(t, w, &l, fault("a", 10*time.Second, 40*time.Second), fault("b", 14*time.Second, 40*time.Second), fault("c", 30*time.Second, 5*time.Second))
		time.AfterFunc(16*time.Second, func() { r.Abort("again") })
		outcomes, aborted := r.Run(ctx)
		if aborted != "interrupt" {
			t.Errorf("aborted by %q", aborted)
		}
		a, b, c := outcomes[0], outcomes[1], outcomes[2]
		if a.Void() != "" || !a.UndoVerified || !a.Cut {
			t.Errorf("a: %+v, void %q", a, a.Void())
		}
		// The apply of b was cut short, so half of it may be there.
		if b.Applied || !b.UndoVerified || b.Err != context.Canceled.Error() {
			t.Errorf("b: %+v", b)
		}
		if c.Tried || c.Void() != "" {
			t.Errorf("c: %+v", c)
		}
		// One of the undoes failed at first and was tried again.
		if n := strings.Count(strings.Join(w.calls, " "), "undo "); n != 3 {
			t.Errorf("%d undoes in %q, want 3", n, w.calls)
		}
		if w.overlap != "" {
			t.Errorf("%s overlap", w.overlap)
		}
		r.Abort("too late")
	})
}

func TestJournalComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := &world{}, &log{refuse: StepApply}
		outcomes, _ := runner(t, w, l, fault("a", time.Second, 10*time.Second)).Run(t.Context())
		if got := w.distinct(); got != "undo a, look-undone a" {
			t.Errorf("calls %s, want no apply", got)
		}
		if got := outcomes[0].Void(); got != "could not be applied: disk full" {
			t.Errorf("void %q", got)
		}
		// What cannot be recorded is undone all the same.
		w, l = &world{}, &log{refuse: StepUndo}
		outcomes, _ = runner(t, w, l, fault("a", time.Second, 10*time.Second)).Run(t.Context())
		if got := w.distinct(); got != "apply a, look a, undo a, look-undone a" || outcomes[0].Void() != "" {
			t.Errorf("calls %s, void %q", got, outcomes[0].Void())
		}
	})
}

func TestUndoOvertakesAHangingLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := &world{hang: true}, &log{}
		outcomes, _ := runner(t, w, l, fault("a", time.Second, 2*time.Second)).Run(t.Context())
		if o := outcomes[0]; o.ClearedAt != 3*time.Second || o.Bitten || o.Void() != "did not show at the target" {
			t.Errorf("%+v, void %q", o, o.Void())
		}
	})
}

func TestApplyHasALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := &world{slow: time.Hour}, &log{}
		outcomes, _ := runner(t, w, l, fault("a", time.Second, 50*time.Second)).Run(t.Context())
		if o := outcomes[0]; o.Applied || o.Err != context.DeadlineExceeded.Error() || o.Void() == "" {
			t.Errorf("%+v", o)
		}
	})
}

func TestNewWantsAppliers(t *testing.T) {
	f := fault("a", 0, time.Second)
	f.Via = chaos.ViaCommand
	_, err := New(Config{Faults: []chaos.Fault{f}})
	if err == nil || err.Error() != "fault a: no applier makes pipeline.kill via command" {
		t.Errorf("got %v", err)
	}
}

func TestBoard(t *testing.T) {
	b := NewBoard(7)
	f, g := fault("a", 0, time.Second), fault("b", 0, time.Second)
	before := b.Plan()
	var all sync.WaitGroup
	all.Go(func() { b.Open(&f, 1) })
	all.Go(func() { b.Open(&g, 1) })
	all.Wait()
	b.Close(&f, 2)
	b.Close(&f, 3)
	if !before.Quiet() || b.Plan().Holds(&f) || !b.Plan().Holds(&g) || b.Plan().Seed() != 7 || len(slices.Collect(b.Plan().Windows())) != 2 {
		t.Errorf("windows %+v", slices.Collect(b.Plan().Windows()))
	}
}
