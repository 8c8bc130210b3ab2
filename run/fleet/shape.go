package fleet

import (
	"context"
	"sync"
	"time"

	"hlsload/player/link"
)

// shaper makes the fetches of one player keep to its link: the model computes when a
// request reaches its host and when bytes arrive, and the fetches wait for that.
type shaper struct {
	now func() time.Duration

	mu        sync.Mutex
	link      link.Link
	transfers []*transfer
	hosts     []string
	events    []link.Event
}

// transfer is one request on the link.
type transfer struct {
	id      uint32
	reach   time.Duration // Never until known
	head    bool
	done    bool
	offered int64
	poke    chan struct{}
	timer   *time.Timer // nil until needed
}

func newShaper(l link.Link, now func() time.Duration) *shaper { return &shaper{link: l, now: now} }

// collect applies the events of the link to the transfers. s.mu must be held.
func (s *shaper) collect(now time.Duration) {
	s.events = s.link.Step(now, s.events[:0])
	for _, e := range s.events {
		for _, r := range s.transfers {
			if r.id != e.ID {
				continue
			}
			switch e.Type {
			case link.Reach:
				r.reach = e.At
				r.wake()
			case link.Head:
				r.head = true
			case link.Complete:
				r.done = true
			}
		}
	}
}

func (r *transfer) wake() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// await waits until the instant that when returns, or the fetch ends ([flight.stop]). when
// is called again whenever the link changes.
func (s *shaper) await(ctx context.Context, r *transfer, when func(now time.Duration) time.Duration) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.mu.Lock()
		now := s.now()
		s.collect(now)
		at := when(now)
		if at <= now {
			s.mu.Unlock()
			return nil
		}
		d := min(max(min(at, s.link.Wake())-now, 0), time.Hour)
		if r.timer == nil {
			r.timer = time.NewTimer(d)
		} else {
			r.timer.Reset(d)
		}
		s.mu.Unlock()
		select {
		case <-r.timer.C:
		case <-r.poke:
		}
	}
}

// start begins a request to a host. The id is the number of the fetch, so that the
// model's draws do not depend on the order of goroutines.
func (s *shaper) start(id uint32, host string) *transfer {
	r := &transfer{id: id, poke: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transfers = append(s.transfers, r)
	now := s.now()
	r.reach = s.link.Start(now, r.id, s.host(host))
	s.collect(now)
	return r
}

// reach waits until the request has reached its host. late is the delay beyond what
// the model says.
func (s *shaper) reach(ctx context.Context, r *transfer) (late time.Duration, err error) {
	err = s.await(ctx, r, func(time.Duration) time.Duration { return r.reach })
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.now()-r.reach), err
}

// host numbers hosts; s.mu must be held.
func (s *shaper) host(name string) uint8 {
	for i, h := range s.hosts {
		if h == name {
			return uint8(i)
		}
	}
	if len(s.hosts) < 255 {
		s.hosts = append(s.hosts, name)
	}
	return uint8(len(s.hosts) - 1)
}

// http1 tells the model that a host uses HTTP/1.1 although HTTP/2 was offered.
func (s *shaper) http1(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.HTTP1(s.host(host))
}

// answer waits until the first byte of the answer has arrived.
func (s *shaper) answer(ctx context.Context, r *transfer) error {
	s.mu.Lock()
	s.link.Stream(s.now(), r.id)
	s.mu.Unlock()
	return s.await(ctx, r, func(now time.Duration) time.Duration {
		if r.head {
			return now
		}
		return link.Never
	})
}

// ahead is how many bytes may be read before they have arrived on the link: enough
// that a late timer leaves no gap.
func (s *shaper) ahead(now time.Duration) int64 {
	return max(64<<10, int64(s.link.Rate(now)/8*0.05))
}

// offer adds n bytes that were read, and waits until more should be read. It returns
// how many.
func (s *shaper) offer(ctx context.Context, r *transfer, n int64) (more int64, err error) {
	s.mu.Lock()
	now := s.now()
	r.offered += n
	s.link.Offer(now, r.id, n)
	ahead := s.ahead(now)
	s.mu.Unlock()
	err = s.await(ctx, r, func(now time.Duration) time.Duration {
		return s.link.When(now, r.id, r.offered-ahead/2)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(1, ahead-(r.offered-s.link.Progress(s.now(), r.id))), err
}

// finish adds the last n bytes, and waits until all have arrived.
func (s *shaper) finish(ctx context.Context, r *transfer, n int64, close bool) error {
	s.mu.Lock()
	now := s.now()
	r.offered += n
	s.link.Offer(now, r.id, n)
	s.link.Finish(now, r.id, close)
	s.mu.Unlock()
	return s.await(ctx, r, func(now time.Duration) time.Duration {
		if r.done {
			return now
		}
		return link.Never
	})
}

// leave ends a transfer, complete or not.
func (s *shaper) leave(r *transfer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.timer != nil {
		r.timer.Stop()
	}
	if !r.done {
		s.link.Abandon(s.now(), r.id)
		s.collect(s.now())
	}
	for i := range s.transfers {
		if s.transfers[i] == r {
			s.transfers = append(s.transfers[:i], s.transfers[i+1:]...)
			return
		}
	}
}

// progress is how many bytes of the body have arrived.
func (s *shaper) progress(r *transfer) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.done {
		return r.offered
	}
	return s.link.Progress(s.now(), r.id)
}

// setFault changes the link while it is in use.
func (s *shaper) setFault(down int64, extra time.Duration, cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.link.SetFault(now, down, extra, cut)
	s.collect(now)
	for _, r := range s.transfers {
		r.wake()
	}
}
