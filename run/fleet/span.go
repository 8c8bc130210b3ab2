package fleet

import (
	"context"
	"sync"
	"time"
)

// span is the context of a fetch or of a session. It has no parent: the session ends those
// of its fetches. A context of package context would be four objects and an entry in its
// parent's map, for each request; this is one, and a channel only if something waits for it.
type span struct {
	mu    sync.Mutex
	done  chan struct{} // nil until asked for
	ended bool
	after []func() // nil = stopped, or called
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (*span) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*span) Value(any) any               { return nil }

func (s *span) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.done != nil:
	case s.ended:
		s.done = closed
	default:
		s.done = make(chan struct{})
	}
	return s.done
}

func (s *span) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return context.Canceled
	}
	return nil
}

// AfterFunc does what [context.AfterFunc] does, which calls it.
func (s *span) AfterFunc(f func()) (stop func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		go f()
		return func() bool { return false }
	}
	i := len(s.after)
	s.after = append(s.after, f)
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.after == nil || s.after[i] == nil {
			return false
		}
		s.after[i] = nil
		return true
	}
}

// end ends the span.
func (s *span) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	if s.done != nil {
		close(s.done)
	}
	for _, f := range s.after {
		if f != nil {
			go f()
		}
	}
	s.after = nil
}
