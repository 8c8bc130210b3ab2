// Package cores does several things at the same time, again and again.
package cores

import (
	"sync"
	"sync/atomic"
)

// Team is goroutines that wait for work. Make it with [New].
type Team struct {
	wake []chan struct{} // of all but the first, which is the caller
	busy sync.WaitGroup

	f    func(int)
	n    int64
	next atomic.Int64
}

// New returns a team of so many, at least 1.
func New(size int) *Team {
	t := new(Team)
	for range size - 1 {
		wake := make(chan struct{})
		t.wake = append(t.wake, wake)
		go func() {
			for range wake {
				t.work()
				t.busy.Done()
			}
		}()
	}
	return t
}

// Each calls f with 0 to n-1, in this order, as many at the same time as the team has
// members, and returns when all calls have. One caller at a time may use it.
func (t *Team) Each(n int, f func(i int)) {
	t.f, t.n = f, int64(n)
	t.next.Store(0)
	t.busy.Add(len(t.wake))
	for _, wake := range t.wake {
		wake <- struct{}{}
	}
	t.work()
	t.busy.Wait()
	t.f = nil // what it needs may be much
}

func (t *Team) work() {
	for i := t.next.Add(1); i <= t.n; i = t.next.Add(1) {
		t.f(int(i - 1))
	}
}

// Close ends the goroutines. The team must not be used any more.
func (t *Team) Close() {
	for _, wake := range t.wake {
		close(wake)
	}
}
