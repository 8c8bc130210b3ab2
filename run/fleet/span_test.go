package fleet

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// A span does what a context that can be cancelled does.
func TestSpan(t *testing.T) {
	made := map[string]func() (context.Context, func()){
		"span":    func() (context.Context, func()) { s := &span{}; return s, s.end },
		"context": func() (context.Context, func()) { return context.WithCancel(context.Background()) },
	}
	for name, begin := range made {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, end := begin()
				calls := map[string]int{}
				called := func(s string) func() { return func() { calls[s]++ } }
				after := func(s string) func() bool { return context.AfterFunc(ctx, called(s)) }
				stopped, again := after("stopped"), after("called")
				if ctx.Err() != nil || !stopped() || stopped() {
					t.Error("a function that has not been called can be stopped, once")
				}
				child, cancel := context.WithCancel(ctx)
				defer cancel()
				done := ctx.Done()
				select {
				case <-done:
					t.Error("done too early")
				default:
				}
				waits := make(chan struct{})
				go func() { <-ctx.Done(); close(waits) }()
				end()
				end()
				<-waits
				<-done
				<-ctx.Done()
				<-child.Done()
				synctest.Wait()
				late := after("late")
				synctest.Wait()
				if again() || late() {
					t.Error("a function that was called cannot be stopped")
				}
				if calls["stopped"] != 0 || calls["called"] != 1 || calls["late"] != 1 {
					t.Errorf("calls: %v", calls)
				}
				if !errors.Is(ctx.Err(), context.Canceled) || !errors.Is(child.Err(), context.Canceled) {
					t.Errorf("errors: %v, %v", ctx.Err(), child.Err())
				}

				ctx, end = begin()
				end()
				<-ctx.Done()
				direct, ok := ctx.(interface{ AfterFunc(func()) func() bool })
				if ok && direct.AfterFunc(called("direct"))() {
					t.Error("a function that was called cannot be stopped")
				}
				synctest.Wait()
				if ok && calls["direct"] != 1 {
					t.Errorf("calls: %v", calls)
				}
			})
		})
	}
}
