package account

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/awstest"
)

// guarded are the faults that do not end by themselves and that a single call
// undoes, with what of the account's state shows them.
var guarded = map[string]string{
	"invalidator.off-17": "reserved 0,", "input.loss-18": "DISABLED", "pipeline.kill-4": "IDLE",
}

// A fault whose process does nothing any more, because it is suspended or its
// machine is gone, is undone by AWS; an undo that comes later finds nothing wrong.
func TestWatchdogUndoes(t *testing.T) {
	for name, shows := range guarded {
		for _, reserved := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := named(t, name)
				w := worldFor(t, f)
				if reserved {
					n := int32(7)
					w.function.Reserved = &n
				}
				before := w.State()
				r := w.run(t, "0a1b2c3d")
				if err := r.apply(t.Context(), 0, f); err != nil {
					t.Fatal(err)
				}
				time.Sleep(f.For)
				if got := w.State(); !strings.Contains(got, shows) || !strings.Contains(got, "schedule hlsload-0a1b2c3d") {
					t.Fatalf("%s: not made, or no watchdog:\n%s", name, got)
				}
				time.Sleep(chaos.AWSMargin + time.Minute)
				got := w.State()
				if strings.Contains(got, shows) || strings.Contains(got, "schedule") || len(w.Ran()) != 1 || !strings.HasSuffix(w.Ran()[0], "<nil>") {
					t.Errorf("%s: after its time: %v\n%s", name, w.Ran(), got)
				}
				r.journal.Close()
				w.put(t, r.path, before, name, 0)
				if done, err := w.undoJournal(t, r.path); err != nil || len(done.Items) > 0 {
					t.Errorf("%s: undone again: %+v, %v", name, done, err)
				}
			})
		}
	}
}

// Without its watchdog a fault is not made.
func TestNoWatchdogNoFault(t *testing.T) {
	for name := range guarded {
		synctest.Test(t, func(t *testing.T) {
			f := named(t, name)
			w := worldFor(t, f)
			w.cfg.Watchdog = "arn:aws:iam::999999999999:role/not-ours"
			before := w.State()
			r := w.run(t, "0a1b2c3d")
			err := r.apply(t.Context(), 0, f)
			if err == nil || !strings.Contains(err.Error(), "must allow EventBridge Scheduler to assume it") {
				t.Errorf("%s: got %v", name, err)
			}
			if got := w.State(); got != before {
				t.Errorf("%s:\n%s", name, difference(before, got))
			}
			if err := r.Undo(t.Context(), f); err != nil {
				t.Errorf("%s: undo: %v", name, err)
			}
		})
	}
}

// While a fault cannot be undone its watchdog stays.
func TestWatchdogOutlivesAFailedUndo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := named(t, "invalidator.off-17")
		w := worldFor(t, f)
		before := w.State()
		r := w.run(t, "0a1b2c3d")
		if err := r.apply(t.Context(), 0, f); err != nil {
			t.Fatal(err)
		}
		w.Mishap = func(q awstest.Request) awstest.Mishap {
			if q.Service == "lambda" && q.Mutates {
				return awstest.Denied
			}
			return awstest.Nothing
		}
		if err := r.Undo(t.Context(), f); err == nil {
			t.Error("undone though it was denied")
		}
		if !strings.Contains(w.State(), "schedule hlsload-") {
			t.Error("the watchdog is gone and the fault is not")
		}
		time.Sleep(f.For + 2*chaos.AWSMargin)
		if got := w.State(); strings.Contains(got, "reserved 0,") {
			t.Errorf("the watchdog has done nothing:\n%s", got)
		}
		w.Mishap = nil
		if err := r.Undo(t.Context(), f); err != nil {
			t.Error(err)
		}
		if got := w.State(); got != before {
			t.Error(difference(before, got))
		}
	})
}

// Watchdogs of other targets do not count here; one of ours keeps the
// next run from beginning, and is swept.
func TestWatchdogLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := named(t, "invalidator.off-17")
		w := worldFor(t, f)
		r := w.run(t, "0a1b2c3d")
		if err := r.apply(t.Context(), 0, f); err != nil {
			t.Fatal(err)
		}
		a := w.open(t)
		if _, err := a.Guard(t.Context()); err == nil || !strings.Contains(err.Error(), "got watchdog hlsload-0a1b2c3d-f17n1-w0") {
			t.Errorf("guard: %v", err)
		}
		w.cfg.Function = "another"
		w.AddFunction("another")
		left, err := aws.Leftovers(t.Context(), w.open(t).Drivers)
		if err != nil || len(left) > 0 {
			t.Errorf("of another function: %v, %+v", err, left)
		}
	})
}

// What no single call undoes has no watchdog, and the plan says so.
func TestStickyWithoutWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ttl, off := named(t, "edge.error_ttl-19"), named(t, "invalidator.off-17")
		w := worldFor(t, ttl)
		const sticky = "STICKY: stays until hlsload undoes it; nothing else does"
		p := aws.NewPlan(w.cfg, []chaos.Fault{*ttl}, Describe(w.cfg), Calls())
		if !strings.Contains(p.Text, sticky) || p.Role != "" {
			t.Errorf("with a watchdog:\n%s", p.Text)
		}
		guarded := aws.NewPlan(w.cfg, []chaos.Fault{*off}, Describe(w.cfg), Calls())
		if strings.Contains(guarded.Text, sticky) || !strings.Contains(guarded.Role, "lambda:DeleteFunctionConcurrency") || !strings.Contains(guarded.Policy, "iam:PassRole") {
			t.Errorf("guarded:\n%s\n%s", guarded.Text, guarded.Role)
		}
		w.cfg.Watchdog = ""
		alone := aws.NewPlan(w.cfg, []chaos.Fault{*off}, Describe(w.cfg), Calls())
		if !strings.Contains(alone.Text, sticky) || strings.Contains(alone.Policy, "scheduler:") || alone.Hash == guarded.Hash {
			t.Errorf("without:\n%s\n%s", alone.Text, alone.Policy)
		}
	})
}

// When the target is changed between the watchdog and the fault, the fault is not
// made: the watchdog would put back an outdated value.
func TestWatchdogOfAnOutdatedValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := named(t, "invalidator.off-17")
		w := worldFor(t, f)
		r := w.run(t, "0a1b2c3d")
		w.Mishap = func(q awstest.Request) awstest.Mishap {
			if q.Op == "CreateSchedule" {
				n := int32(9)
				w.function.Reserved = &n
			}
			return awstest.Nothing
		}
		err := r.apply(t.Context(), 0, f)
		if err == nil || !strings.Contains(err.Error(), "the target was changed after its watchdog was made") {
			t.Errorf("got %v", err)
		}
		if err := r.Undo(t.Context(), f); err != nil {
			t.Error(err)
		}
		if got := w.State(); !strings.Contains(got, "reserved 9,") || strings.Contains(got, "schedule ") {
			t.Errorf("got\n%s", got)
		}
	})
}
