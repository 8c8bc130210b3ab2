package account

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos/aws/awstest"
)

// A fault that is undone before AWS shows what was changed leaves nothing: no tag,
// and no experiment that can no longer be found.
func TestUndoneBeforeItShows(t *testing.T) {
	for _, f := range all() {
		for _, journalled := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w := worldFor(t, f)
				w.Lag = 8 * time.Second
				before := w.State()
				r := w.run(t, "0a1b2c3d")
				if err := r.apply(t.Context(), 0, f); err != nil {
					t.Fatalf("%s: %v", f.Name, err)
				}
				r.journal.Close()
				if journalled {
					w.put(t, r.path, before, f.Name, 0)
					return
				}
				for began := time.Now(); ; time.Sleep(time.Second) {
					if err := r.Undo(t.Context(), f); err == nil {
						break
					} else if time.Since(began) > 5*time.Minute {
						t.Fatalf("%s: never undone: %v", f.Name, err)
					}
				}
				eventually(t, r.LookUndone, f)
				_ = r.Tidy(t.Context())
				time.Sleep(time.Minute)
				if got := w.State(); got != before {
					t.Errorf("%s: %s", f.Name, difference(before, got))
				}
			})
		}
	}
}

// A claim that was given free may show for some time; one that was slow to come is
// none, for another run may have looked before.
func TestClaimsThatLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		before := w.State()
		w.Lag = 4 * time.Second
		r := w.run(t, "0a1b2c3d")
		if err := r.Lock(t.Context(), time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := r.Unlock(t.Context()); err != nil {
			t.Error(err)
		}
		w.Mishap = func(q awstest.Request) awstest.Mishap {
			if q.Op == "CreateTags" {
				time.Sleep(4 * time.Second)
			}
			return awstest.Nothing
		}
		slow := w.run(t, "0a1b2c3e")
		if err := slow.Lock(t.Context(), time.Now().Add(time.Minute)); err == nil || !strings.Contains(err.Error(), "locking the channel took too long (got 4s") {
			t.Errorf("got %v", err)
		}
		if err := slow.Unlock(t.Context()); err != nil {
			t.Error(err)
		}
		if got := w.State(); got != before {
			t.Error(difference(before, got))
		}
	})
}
