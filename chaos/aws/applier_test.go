package aws

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
)

// An undo waits for its turn no longer than it may, so that it can be tried
// again, or told that it was not done.
func TestUndoWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		a := New(Config{AWS: &chaos.AWS{}, Before: func(context.Context, bool) error { <-slow; return errors.New("not made") }})
		one, another := &chaos.Fault{Name: "one"}, &chaos.Fault{Name: "another"}
		applied := make(chan error, 1)
		go func() { applied <- a.Apply(t.Context(), one) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		err := a.Undo(ctx, another)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "another fault is still being made") || time.Since(began) != time.Minute {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		close(slow)
		<-applied
		if err := a.Undo(t.Context(), another); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}
