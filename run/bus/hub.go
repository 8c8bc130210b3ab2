package bus

import (
	"context"
	"sync"
	"sync/atomic"
)

// Hub joins participants of one process. Its zero value is ready.
type Hub struct {
	mu   sync.RWMutex
	subs map[*subscription]struct{}
}

// Join returns the end of a new participant.
func (h *Hub) Join() Bus { return &member{hub: h} }

type member struct {
	hub     *Hub
	closed  atomic.Bool
	dropped atomic.Int64
	running sync.WaitGroup
}

// subscription has a queue of its own, so that a slow handler delays no other.
type subscription struct {
	owner   *member
	pattern string
	handle  func(*Message)

	mu    sync.Mutex
	wake  sync.Cond
	queue []*Message
	over  bool
}

func (m *member) Publish(subject string, data []byte) error {
	_, err := m.send(subject, data, nil)
	return err
}

func (m *member) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answer := make(chan []byte, 1)
	n, err := m.send(subject, data, func(b []byte) error {
		select {
		case answer <- append([]byte(nil), b...):
		default: // another answer was faster
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, ErrNoResponder
	}
	select {
	case b := <-answer:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// send queues the message at all subscriptions that match, and returns how many did.
func (m *member) send(subject string, data []byte, reply func([]byte) error) (n int, err error) {
	if err := Check(subject, data); err != nil {
		return 0, err
	}
	if m.closed.Load() {
		return 0, ErrClosed
	}
	msg := NewMessage(subject, append([]byte(nil), data...), reply)
	m.hub.mu.RLock()
	defer m.hub.mu.RUnlock()
	for s := range m.hub.subs {
		if s.owner != m && Matches(s.pattern, subject) {
			s.put(msg)
			n++
		}
	}
	return n, nil
}

func (m *member) Subscribe(pattern string, handle func(*Message)) (Subscription, error) {
	if err := CheckPattern(pattern); err != nil {
		return nil, err
	}
	s := &subscription{owner: m, pattern: pattern, handle: handle}
	s.wake.L = &s.mu
	m.hub.mu.Lock()
	defer m.hub.mu.Unlock()
	if m.closed.Load() { // Close sets it under this lock
		return nil, ErrClosed
	}
	if m.hub.subs == nil {
		m.hub.subs = map[*subscription]struct{}{}
	}
	m.hub.subs[s] = struct{}{}
	m.running.Go(s.run)
	return s, nil
}

func (m *member) Dropped() int64 { return m.dropped.Load() }

func (m *member) Close() {
	m.hub.mu.Lock()
	m.closed.Store(true)
	var own []*subscription
	for s := range m.hub.subs {
		if s.owner == m {
			own = append(own, s)
			delete(m.hub.subs, s)
		}
	}
	m.hub.mu.Unlock()
	for _, s := range own {
		s.end()
	}
	m.running.Wait()
}

func (s *subscription) Cancel() {
	s.owner.hub.mu.Lock()
	delete(s.owner.hub.subs, s)
	s.owner.hub.mu.Unlock()
	s.end()
}

func (s *subscription) put(msg *Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
	case len(s.queue) >= MaxPending:
		s.owner.dropped.Add(1)
	default:
		s.queue = append(s.queue, msg)
		s.wake.Signal()
	}
}

func (s *subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over, s.queue = true, nil
	s.wake.Signal()
}

func (s *subscription) run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for len(s.queue) == 0 && !s.over {
			s.wake.Wait()
		}
		if s.over {
			return
		}
		msg := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		s.handle(msg)
		s.mu.Lock()
	}
}
