package account

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/awstest"
	"hlsload/chaos/journal"
)

// Of runs that begin at the same instant one goes on, and the others have
// changed nothing.
func TestRunsThatBeginAtOnce(t *testing.T) {
	for _, apart := range []time.Duration{0, time.Millisecond, 2 * time.Second, 4 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			before := w.State()
			const runs = 4
			var all [runs]*run
			var errs [runs]error
			for i := range all {
				all[i] = w.run(t, fmt.Sprintf("0000000%d", i))
			}
			var done sync.WaitGroup
			for i := range all {
				done.Go(func() {
					if _, errs[i] = w.open(t).Guard(t.Context()); errs[i] != nil {
						return
					}
					time.Sleep(time.Duration(i) * apart)
					errs[i] = all[i].Lock(t.Context(), time.Now().Add(time.Minute))
				})
			}
			done.Wait()
			won := 0
			for i, err := range errs {
				if err == nil {
					won++
				} else if !strings.Contains(err.Error(), "another run locked it first") && !strings.Contains(err.Error(), "another run is at work here") {
					t.Errorf("%v apart: run %d: %v", apart, i, err)
				}
				if err := all[i].Unlock(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if won != 1 {
				t.Errorf("%v apart: %d runs go on", apart, won)
			}
			if got := w.State(); got != before {
				t.Error(difference(before, got))
			}
		})
	}
}

// A claim keeps other runs away until it is given free, is undone from the
// journal, is swept, or its time has passed; the run itself is not kept.
func TestClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		before := w.State()
		r := w.run(t, "0a1b2c3d")
		if err := r.Lock(t.Context(), time.Now().Add(10*time.Minute)); err != nil {
			t.Fatal(err)
		}
		guard := func() error { _, err := w.open(t).Guard(t.Context()); return err }
		if err := guard(); err == nil || !strings.Contains(err.Error(), "claimed by a run (tag hlsload:lock:hlsload-0a1b2c3d-f0n0)") {
			t.Errorf("guard: %v", err)
		}
		if err := w.open(t).Still(t.Context(), "0a1b2c3d", true); err != nil {
			t.Errorf("the run itself: %v", err)
		}
		r.journal.Close() // and the process is gone
		if done, err := w.undoJournal(t, r.path); err != nil || len(done.Items) != 1 {
			t.Errorf("undo: %+v, %v", done, err)
		}
		if got := w.State(); got != before {
			t.Error(difference(before, got))
		}
		if done, err := w.undoJournal(t, r.path); err != nil || len(done.Items) != 0 {
			t.Errorf("again: %+v, %v", done, err)
		}
		if err := w.run(t, "00000002").Lock(t.Context(), time.Now().Add(10*time.Minute)); err != nil {
			t.Fatal(err)
		}
		left, err := aws.Leftovers(t.Context(), w.open(t).Drivers)
		if err != nil || len(left) != 1 || !left[0].Lock {
			t.Fatalf("left: %+v, %v", left, err)
		}
		time.Sleep(11 * time.Minute)
		if err := guard(); err != nil {
			t.Errorf("after its time: %v", err)
		}
		if err := left[0].Remove(t.Context()); err != nil {
			t.Error(err)
		}
		if got := w.State(); got != before {
			t.Error(difference(before, got))
		}
	})
}

// Only the delete marker that a run has made is taken away, though the encoder
// has deleted the same segments in the meantime; and it is known from the
// journal, too.
func TestDeleteMarkersOfOthers(t *testing.T) {
	for _, crashed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := named(t, "segment.missing-14")
			w := worldFor(t, f)
			r := w.run(t, "0a1b2c3d")
			if err := r.apply(t.Context(), 0, f); err != nil {
				t.Fatal(err)
			}
			key := w.bucket.Deleted()
			if len(key) == 0 {
				t.Fatal("nothing was deleted")
			}
			time.Sleep(5 * time.Second)
			w.bucket.Delete(key[0]) // as MediaLive does
			text, _ := os.ReadFile(r.path)
			if !strings.Contains(string(text), `"marker":"v`) {
				t.Errorf("the journal does not name the markers:\n%s", text)
			}
			var err error
			if crashed {
				r.journal.Close()
				_, err = w.undoJournal(t, r.path)
			} else {
				err = r.Undo(t.Context(), f)
			}
			if err != nil {
				t.Fatal(err)
			}
			if left := w.bucket.Deleted(); len(left) != 1 || left[0] != key[0] {
				t.Errorf("crashed %v: deleted are %v; want what the encoder has deleted: %s", crashed, left, key[0])
			}
		})
	}
}

// A journal is believed only as far as its marks go.
func TestUndoOfWhatIsNotOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.open(t)
		for _, c := range []struct {
			service, op, change string
			ok                  bool
		}{
			{"s3", "remove", `{"scope":{}}`, false},
			{"s3", "remove", `{"scope":{},"mark":"hlsload0a1b2c3df1n1"}`, true},
			{"s3", "remove", `{"scope":{},"mark":"hlsload99999999f1n1"}`, false},
			{"s3", "watch", `{"scope":{}}`, false},
			{"s3", "replace", `{"scope":{}}`, false},
			{"medialive", "restart", `{"channel":"1234567"}`, false},
			{"cloudfront", "flush", `{"distribution":"E1EXAMPLE"}`, false},
			{"s3", "deny", `{"bucket":"example-live","sid":"cdn reads"}`, false},
			{"scheduler", "watchdog", `{"name":"nightly-backup"}`, false},
			{"medialive", "lock", `{"channel":"1234567","mark":"x"}`, false},
		} {
			u := a.Undoer(0)
			err := u.Undo(t.Context(), journal.Line{Name: "x", Calls: []journal.Call{{N: 1, Run: "0a1b2c3d", Service: c.service, Op: c.op, Change: []byte(c.change)}}})
			if refused := err != nil && strings.Contains(err.Error(), "not the mark of run"); refused == c.ok {
				t.Errorf("%s %s %s: %v", c.service, c.op, c.change, err)
			}
		}
	})
}

// Credentials that end before everything is surely undone are refused when
// nothing else undoes the faults.
func TestCredentialsThatEnd(t *testing.T) {
	until := time.Now().Add(time.Hour)
	for _, c := range []struct {
		name, token, end string
		sticky           []string
		warns, refuses   string
	}{
		{"of a user", "", "", []string{"off"}, "", ""},
		{"long enough", "token", until.Add(time.Minute).Format(time.RFC3339), []string{"off"}, "", ""},
		{"too short", "token", until.Add(-time.Minute).Format(time.RFC3339), nil, "the credentials expire too soon and are not renewed automatically", ""},
		{"too short and sticky", "token", until.Add(-time.Minute).Format(time.RFC3339), []string{"off", "ttl"}, "", "nothing else undoes off, ttl"},
		{"not known", "token", "", []string{"off"}, "do not say when they expire", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("AWS_SESSION_TOKEN", c.token)
			t.Setenv("AWS_CREDENTIAL_EXPIRATION", c.end)
			warnings, err := newWorld(t).open(t).Last(t.Context(), until, c.sticky)
			if (err != nil) != (c.refuses != "") || err != nil && !strings.Contains(err.Error(), c.refuses) {
				t.Errorf("got %v; want %q", err, c.refuses)
			}
			if said := strings.Join(warnings, "\n"); (said != "") != (c.warns != "") || !strings.Contains(said, c.warns) {
				t.Errorf("said %q; want %q", said, c.warns)
			}
		})
	}
}

// What is sticky depends on the watchdog.
func TestSticky(t *testing.T) {
	w := &world{}
	synctest.Test(t, func(t *testing.T) { w = newWorld(t) })
	var faults []chaos.Fault
	for _, f := range every() {
		faults = append(faults, *f)
	}
	const always = "playlist.delete-11 segment.missing-14 edge.error_ttl-19"
	if got := strings.Join(aws.Sticky(Describe(w.cfg), faults), " "); got != always {
		t.Errorf("with a watchdog: %s; want %s", got, always)
	}
	w.cfg.Watchdog = ""
	if got := strings.Join(aws.Sticky(Describe(w.cfg), faults), " "); got != "pipeline.kill-4 playlist.delete-11 segment.missing-14 invalidator.off-17 input.loss-18 edge.error_ttl-19 invalidator.throttle-21" {
		t.Errorf("without: %s", got)
	}
}

// A safety lever that cannot be read stops nothing, unless the scenario says
// so: then no run begins, no fault is made, and three looks in a row that fail
// end a run.
func TestLeverThatCannotBeRead(t *testing.T) {
	for _, require := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.cfg.RequireLever = require
			a := w.open(t)
			w.Mishap = func(q awstest.Request) awstest.Mishap {
				if q.Op == "GetSafetyLever" {
					return awstest.Denied
				}
				return awstest.Nothing
			}
			const said = "the account's safety lever could not be read"
			_, err := a.Guard(t.Context())
			if (err != nil) != require || require && !(strings.Contains(err.Error(), said) && strings.Contains(err.Error(), "aws.require_lever")) {
				t.Errorf("required %v: guard: %v", require, err)
			}
			if err := a.Still(t.Context(), "0a1b2c3d", true); (err != nil) != require {
				t.Errorf("required %v: before a fault: %v", require, err)
			}
			for i := 1; i <= 3; i++ {
				if err := a.Stopped(t.Context()); (err != nil) != (require && i == 3) {
					t.Errorf("required %v: look %d: %v", require, i, err)
				}
			}
			w.Mishap = nil
			if err := a.Stopped(t.Context()); err != nil {
				t.Errorf("readable again: %v", err)
			}
			w.Mishap = func(awstest.Request) awstest.Mishap { return awstest.Denied }
			if err := a.Stopped(t.Context()); err != nil {
				t.Errorf("counted on from before: %v", err)
			}
			w.Mishap = nil
			w.Engage("engaged")
			if err := a.Stopped(t.Context()); err == nil || errors.As(err, new(*unreadError)) {
				t.Errorf("engaged: %v", err)
			}
		})
	}
}

// A clock that is set during a run is seen before the next fault.
func TestClockThatIsSetDuringARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.open(t)
		if _, err := a.Guard(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Skew = 5 * time.Second
		if err := a.Still(t.Context(), "0a1b2c3d", true); err != nil {
			t.Errorf("5 s: %v", err)
		}
		if ahead := time.Until(a.Now()); ahead < 4*time.Second || ahead > 6*time.Second {
			t.Errorf("AWS's time is said to be %v ahead; want 5 s", ahead)
		}
		w.Skew = time.Minute
		if err := a.Still(t.Context(), "0a1b2c3d", true); err == nil || !strings.Contains(err.Error(), "this machine's clock differs from AWS's") {
			t.Errorf("1 m: %v", err)
		}
	})
}
