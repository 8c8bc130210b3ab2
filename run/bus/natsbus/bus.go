package natsbus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"hlsload/run/bus"
)

// maxPendingBytes bounds the memory of messages that wait for one handler.
const maxPendingBytes = 64 << 20

// Bus is one participant's connection to a NATS server.
type Bus struct {
	nc      *nats.Conn
	space   space
	server  string // for messages
	options Options
	cancel  context.CancelFunc // ends a dial
	over    chan struct{}      // closed after the last call of Warn

	offline  atomic.Bool
	handlers sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	subs    map[*subscription]struct{}
	asked   map[uint64]chan<- answer // requests without an answer
	request uint64                   // number of the last request
	dropped int64                    // without those of subs

	said   sync.Mutex // held while Warn runs
	since  time.Time  // when the connection was lost
	reason string     // why the last try failed
}

type answer struct {
	data []byte
	err  error
}

func newBus(s space, o Options) *Bus {
	s.token = random()
	return &Bus{space: s, options: o, over: make(chan struct{}), subs: map[*subscription]struct{}{}, asked: map[uint64]chan<- answer{}}
}

// ID is the ID of an agent, which is in its subjects, or of who may halt; a conductor has none.
func (b *Bus) ID() string { return b.space.id }

// Publish sends a message. It fails with [ErrOffline] while there is no
// connection. It waits up to a few seconds when the network takes nothing.
func (b *Bus) Publish(subject string, data []byte) error {
	if err := bus.Check(subject, data); err != nil {
		return err
	}
	if err := b.space.permits("publish", subject); err != nil {
		return err
	}
	return b.send(subject, "", data)
}

func (b *Bus) send(subject, reply string, data []byte) error {
	if b.offline.Load() && !b.nc.IsClosed() {
		return b.unsent(subject, ErrOffline)
	}
	if reply != "" {
		reply = b.space.wire(reply)
	}
	err := b.nc.PublishMsg(&nats.Msg{Subject: b.space.wire(subject), Reply: reply, Data: data})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrConnectionClosed):
		return bus.ErrClosed
	case errors.Is(err, nats.ErrMaxPayload): // of another server of the cluster
		return b.unsent(subject, fmt.Errorf("%w: %d bytes (the server takes %d)", bus.ErrTooLarge, len(data), b.nc.MaxPayload()))
	}
	return b.unsent(subject, ErrOffline)
}

func (b *Bus) unsent(subject string, err error) error {
	return fmt.Errorf("send %.80s to %s: %w", subject, b.server, err)
}

// Request sends a message and returns the first answer. It fails with [ErrOffline]
// when the connection is lost before the answer comes: the caller may ask again.
func (b *Bus) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := bus.Check(subject, data); err != nil {
		return nil, err
	}
	if err := b.space.permits("publish", subject); err != nil {
		return nil, err
	}
	got := make(chan answer, 1)
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil, bus.ErrClosed
	}
	b.request++
	n := b.request
	b.asked[n] = got
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.asked, n)
		b.mu.Unlock()
	}()
	if err := b.send(subject, b.space.reply(subject, n), data); err != nil {
		return nil, err
	}
	select {
	case a := <-got:
		return a.data, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answered takes an answer to a request.
func (b *Bus) answered(m *nats.Msg) {
	n, ok := b.space.number(b.space.plain(m.Subject))
	if !ok {
		return
	}
	a := answer{data: m.Data}
	switch {
	case len(m.Data) == 0 && m.Header.Get("Status") == "503":
		a.err = bus.ErrNoResponder
	case len(m.Data) > bus.MaxPayload:
		a = answer{err: fmt.Errorf("answer: %w: %d bytes (want at most %d)", bus.ErrTooLarge, len(m.Data), bus.MaxPayload)}
	}
	b.mu.Lock()
	got := b.asked[n]
	delete(b.asked, n)
	b.mu.Unlock()
	if got != nil {
		got <- a
	}
}

// abandon ends all requests that wait.
func (b *Bus) abandon(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n, got := range b.asked {
		got <- answer{err: err}
		delete(b.asked, n)
	}
}

type subscription struct {
	bus  *Bus
	nats *nats.Subscription
}

// Subscribe calls handle for each message that matches. Answers to requests match nothing.
func (b *Bus) Subscribe(pattern string, handle func(*bus.Message)) (bus.Subscription, error) {
	if err := bus.CheckPattern(pattern); err != nil {
		return nil, err
	}
	if err := b.space.permits("subscribe", pattern); err != nil {
		return nil, err
	}
	sub, err := b.nc.Subscribe(b.space.wire(pattern), func(m *nats.Msg) { b.receive(m, handle) })
	if err == nil {
		err = sub.SetPendingLimits(bus.MaxPending, maxPendingBytes)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, bus.ErrClosed
	}
	if err != nil {
		return nil, fmt.Errorf("subscribe %.80s: %w", pattern, inWords(err))
	}
	s := &subscription{b, sub}
	b.subs[s] = struct{}{}
	return s, nil
}

func (b *Bus) receive(m *nats.Msg, handle func(*bus.Message)) {
	subject := b.space.plain(m.Subject)
	if strings.HasPrefix(subject, b.space.replies()) { // the pattern is as wide as ">"
		b.answered(m)
		return
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return
	}
	if len(m.Data) > bus.MaxPayload { // of a participant that is not ours
		b.dropped++
		b.mu.Unlock()
		return
	}
	b.handlers.Add(1)
	b.mu.Unlock()
	defer b.handlers.Done()
	var reply func([]byte) error
	if to := b.space.plain(m.Reply); m.Reply != "" && b.space.answerable(subject, to) {
		reply = func(data []byte) error { return b.send(to, "", data) }
	}
	handle(bus.NewMessage(subject, m.Data, reply))
}

func (s *subscription) Cancel() {
	s.bus.mu.Lock()
	s.tally()
	s.bus.mu.Unlock()
	s.nats.Unsubscribe() // an error says that it has ended
}

// tally takes the subscription off the list and keeps its count. bus.mu is held.
func (s *subscription) tally() {
	if _, ok := s.bus.subs[s]; ok {
		s.bus.dropped += s.lost()
		delete(s.bus.subs, s)
	}
}

func (s *subscription) lost() int64 {
	n, err := s.nats.Dropped()
	if err != nil {
		return 0
	}
	return int64(n)
}

// Dropped is how many messages were lost because a handler here was slow, or because
// they were larger than a bus may send.
func (b *Bus) Dropped() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.dropped
	for s := range b.subs {
		n += s.lost()
	}
	return n
}

// Flush waits until the server has taken all that was sent and subscribed so far, for a few
// seconds at most.
func (b *Bus) Flush(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	switch err := b.nc.FlushWithContext(limited); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, nats.ErrConnectionClosed):
		return bus.ErrClosed
	default:
		return fmt.Errorf("wait for %s: %w", b.server, inWords(err))
	}
}

// Close ends the connection and waits for handlers that run. What was sent is
// written as far as the network takes it.
func (b *Bus) Close() {
	b.mu.Lock()
	b.closed = true
	for s := range b.subs {
		s.tally()
	}
	b.mu.Unlock()
	b.abandon(bus.ErrClosed)
	b.cancel()
	b.nc.Close()
	<-b.over
	b.handlers.Wait()
}

func (b *Bus) disconnected(_ *nats.Conn, err error) {
	b.offline.Store(true)
	b.abandon(b.unsent("a request", ErrOffline))
	b.said.Lock()
	defer b.said.Unlock()
	b.since, b.reason = time.Now(), ""
	b.warn("lost the connection to %s: %v; trying again", b.server, inWords(err))
}

// retried reports why a try failed, once.
func (b *Bus) retried(_ *nats.Conn, err error) {
	b.said.Lock()
	defer b.said.Unlock()
	if reason := inWords(err).Error(); reason != b.reason && b.offline.Load() {
		b.reason = reason
		b.warn("cannot connect to %s again: %s; trying again", b.server, reason)
	}
}

func (b *Bus) reconnected(*nats.Conn) {
	b.offline.Store(false)
	b.said.Lock()
	defer b.said.Unlock()
	b.warn("connected to %s again after %v", b.server, time.Since(b.since).Round(10*time.Millisecond))
}

// failed takes the other errors of a connection. Slow consumers are counted elsewhere.
func (b *Bus) failed(_ *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrAuthorization) {
		b.retried(nil, err)
		return
	}
	b.said.Lock()
	defer b.said.Unlock()
	switch {
	case errors.Is(err, nats.ErrSlowConsumer):
	case errors.Is(err, nats.ErrPermissionViolation):
		b.warn("%s does not allow it: %s", b.server, inWords(err))
	default:
		b.warn("%s: %s", b.server, inWords(err))
	}
}

// warn passes a line on. said is held.
func (b *Bus) warn(format string, args ...any) {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if !closed && b.options.Warn != nil {
		b.options.Warn(fmt.Sprintf(format, args...))
	}
}
