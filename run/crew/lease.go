package crew

import (
	"context"
	"sync/atomic"
	"time"
)

// Lease says for how long an agent may make requests. It is safe for several goroutines.
type Lease struct {
	now   func() time.Duration
	alone bool // it ends with the run only
	until atomic.Int64
	over  atomic.Bool
}

// Held reports whether requests may be made now. Once it was false it stays false. A
// process that was stopped and goes on finds that out here first.
func (l *Lease) Held() bool {
	if l.over.Load() {
		return false
	}
	if l.alone || l.now() < time.Duration(l.until.Load()) {
		return true
	}
	l.over.Store(true)
	return false
}

func (l *Lease) renew(until time.Duration) { l.until.Store(int64(until)) }

// end ends the lease before its time.
func (l *Lease) end() { l.over.Store(true) }

// watch calls expired as soon as the lease is over.
func (l *Lease) watch(ctx context.Context, expired func()) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if !l.Held() {
			expired()
			return
		}
		if l.alone {
			return
		}
		timer.Reset(max(time.Millisecond, time.Duration(l.until.Load())-l.now()))
	}
}
