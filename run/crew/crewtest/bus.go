package crewtest

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"hlsload/run/bus"
)

// Faults are what may happen to each message. Shares are 0 to 1.
type Faults struct {
	Drop      float64
	Duplicate float64
	Delay     time.Duration // up to that; messages overtake each other
}

// Bus is a participant's end of a bus on which messages suffer. What happens to the
// messages of a participant follows from its seed, its name and their order.
type Bus struct {
	bus.Bus
	mu      sync.Mutex
	resumed sync.Cond
	random  *rand.Rand
	faults  Faults
	sends   bool
	hears   bool
	paused  bool
	closed  bool
	late    map[*time.Timer]struct{}
	flying  sync.WaitGroup
}

// Wrap makes a bus suffer.
func Wrap(b bus.Bus, seed uint64, name string, f Faults) *Bus {
	h := fnv.New64a()
	h.Write([]byte(name))
	w := &Bus{Bus: b, random: rand.New(rand.NewPCG(seed, h.Sum64())), faults: f, sends: true, hears: true, late: map[*time.Timer]struct{}{}}
	w.resumed.L = &w.mu
	return w
}

// Set changes what happens to messages from now on.
func (b *Bus) Set(f Faults) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = f
}

// Cut says what still gets through: what this participant sends, and what it hears.
func (b *Bus) Cut(sends, hears bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sends, b.hears = sends, hears
}

// Pause holds the participant as if its process were stopped: what it sends and hears waits.
func (b *Bus) Pause() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paused = true
}

// Resume ends a pause.
func (b *Bus) Resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paused = false
	b.resumed.Broadcast()
}

// wait waits for the end of a pause. The lock is held.
func (b *Bus) wait() {
	for b.paused && !b.closed {
		b.resumed.Wait()
	}
}

// Publish implements [bus.Bus].
func (b *Bus) Publish(subject string, data []byte) error {
	if err := bus.Check(subject, data); err != nil {
		return err
	}
	data = append([]byte(nil), data...)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wait()
	if b.closed {
		return bus.ErrClosed
	}
	copies := 1
	if b.random.Float64() < b.faults.Drop || !b.sends {
		copies = 0
	} else if b.random.Float64() < b.faults.Duplicate {
		copies = 2
	}
	for range copies {
		if b.faults.Delay <= 0 {
			_ = b.Bus.Publish(subject, data)
			continue
		}
		b.flying.Add(1)
		var t *time.Timer
		t = time.AfterFunc(time.Duration(b.random.Int64N(int64(b.faults.Delay))), func() {
			defer b.flying.Done()
			b.mu.Lock()
			delete(b.late, t)
			sends := b.sends
			b.mu.Unlock()
			if sends {
				_ = b.Bus.Publish(subject, data)
			}
		})
		b.late[t] = struct{}{}
	}
	return nil
}

// Request implements [bus.Bus]. A request is lost or not; it suffers nothing else.
func (b *Bus) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	b.mu.Lock()
	b.wait()
	lost := b.random.Float64() < b.faults.Drop || !b.sends || !b.hears
	b.mu.Unlock()
	if lost {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return b.Bus.Request(ctx, subject, data)
}

// Subscribe implements [bus.Bus].
func (b *Bus) Subscribe(pattern string, handle func(*bus.Message)) (bus.Subscription, error) {
	return b.Bus.Subscribe(pattern, func(m *bus.Message) {
		b.mu.Lock()
		b.wait()
		hears := b.hears && !b.closed
		b.mu.Unlock()
		if hears {
			handle(m)
		}
	})
}

// Close implements [bus.Bus]. Messages under way are lost.
func (b *Bus) Close() {
	b.mu.Lock()
	b.closed = true
	for t := range b.late {
		if t.Stop() {
			b.flying.Done()
		}
	}
	clear(b.late)
	b.resumed.Broadcast()
	b.mu.Unlock()
	b.flying.Wait()
	b.Bus.Close()
}
