package crew

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"

	"hlsload/run/bus"
	"hlsload/run/crew/protocol"
)

// loop brings events to one side of the protocol, one at a time.
type loop struct {
	bus   bus.Bus
	run   string
	now   func() time.Duration
	inbox chan protocol.Event
	quit  chan struct{} // closed when events are not taken any more
}

func newLoop(b bus.Bus, run string, now func() time.Duration) *loop {
	if now == nil {
		// The wall clock, so that offsets mean something to people, but one that never goes back.
		began := time.Now()
		at := time.Duration(began.UnixNano())
		now = func() time.Duration { return at + time.Since(began) }
	}
	return &loop{bus: b, run: run, now: now, inbox: make(chan protocol.Event, 1024), quit: make(chan struct{})}
}

// post hands over an event. It reports false when the loop is over.
func (l *loop) post(e protocol.Event) bool {
	select {
	case <-l.quit:
		return false
	default:
	}
	select {
	case l.inbox <- e:
		return true
	case <-l.quit:
		return false
	}
}

// listen subscribes to messages of the run. each sees every message first.
func (l *loop) listen(patterns []string, each func(*bus.Message, *protocol.Arrived)) (cancel func(), err error) {
	var subs []bus.Subscription
	cancel = func() {
		for _, s := range subs {
			s.Cancel()
		}
	}
	for _, p := range patterns {
		s, err := l.bus.Subscribe("hl."+l.run+"."+p, func(m *bus.Message) {
			e := protocol.Arrived{Data: m.Data, At: l.now()}
			e.Kind, e.ID = protocol.Kind(l.run, m.Subject)
			if each != nil {
				each(m, &e)
			}
			l.post(e)
		})
		if err != nil {
			cancel()
			return nil, err
		}
		subs = append(subs, s)
	}
	return cancel, nil
}

// serve takes events until step says that it is over, or ctx ends: then step sees last.
func (l *loop) serve(ctx context.Context, last protocol.Event, step func(now time.Duration, e protocol.Event) (over bool)) error {
	every := time.NewTicker(protocol.Step)
	defer every.Stop()
	var e protocol.Event = protocol.Wake{}
	for {
		if step(l.now(), e) {
			return nil
		}
		select {
		case <-ctx.Done():
			step(l.now(), last)
			return ctx.Err()
		case <-every.C:
			e = protocol.Wake{}
		case e = <-l.inbox:
		}
	}
}

// send publishes a message. A bus that is away says so, and what matters is sent again.
func (l *loop) send(s protocol.Send) { _ = l.bus.Publish(s.Subject, s.Data) }

// queue makes calls one after the other on a goroutine of its own.
type queue struct {
	mu    sync.Mutex
	wake  sync.Cond
	calls []func()
	over  bool
	done  sync.WaitGroup
	guard func()
}

// newQueue returns a queue; guard is deferred around each call, nil = nothing is.
func newQueue(guard func()) *queue {
	if guard == nil {
		guard = func() {}
	}
	q := &queue{guard: guard}
	q.wake.L = &q.mu
	q.done.Go(q.run)
	return q
}

func (q *queue) put(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls = append(q.calls, f)
	q.wake.Signal()
}

// len is how many calls wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.calls)
}

// close waits until all calls were made.
func (q *queue) close() {
	q.mu.Lock()
	q.over = true
	q.wake.Signal()
	q.mu.Unlock()
	q.done.Wait()
}

func (q *queue) run() {
	for f := q.next(); f != nil; f = q.next() {
		q.call(f)
	}
}

func (q *queue) call(f func()) {
	defer q.guard()
	f()
}

// next waits for a call; nil = there are no more.
func (q *queue) next() func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.calls) == 0 && !q.over {
		q.wake.Wait()
	}
	if len(q.calls) == 0 {
		return nil
	}
	f := q.calls[0]
	q.calls = q.calls[1:]
	return f
}

// nonce draws 128 bits.
func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func draw() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}
