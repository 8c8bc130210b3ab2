package run

import (
	"sync"
	"time"

	"hlsload/player"
	"hlsload/reports/record"
	"hlsload/run/fleet"
)

// later hands the samples of the players to the collector some time after they were
// taken. When a person makes a fault, its onset is known only once the playlists have
// shown it, and the collector has to know an onset before what follows it.
type later struct {
	lag time.Duration

	mu    sync.Mutex
	queue []waiting
	to    time.Duration // what was taken up to here was handed over
}

// waiting is a sample, or a session's beginning.
type waiting struct {
	at time.Duration
	do func()
}

func (l *later) add(at time.Duration, do func()) {
	l.mu.Lock()
	l.queue = append(l.queue, waiting{at, do})
	l.mu.Unlock()
}

// handOver hands over what was taken until now, less the lag; at [record.Forever],
// everything. Only one goroutine at a time may call it.
func (l *later) handOver(now time.Duration) {
	if l == nil {
		return
	}
	l.mu.Lock()
	if now < record.Forever {
		now -= l.lag
	}
	l.to = max(l.to, now)
	n := 0
	for n < len(l.queue) && l.queue[n].at <= l.to {
		n++
	}
	due := l.queue[:n:n]
	l.queue = l.queue[n:]
	l.mu.Unlock()
	for _, w := range due {
		w.do()
	}
}

// open is the earliest instant of which nothing was handed over yet.
func (l *later) open(at time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(at, l.to)
}

// laterSession is a session whose samples wait.
type laterSession struct {
	l *later
	s *record.Session // once its beginning was handed over
}

func (l *later) join(c *record.Collector, now time.Duration, who record.SessionInfo) fleet.Session {
	s := &laterSession{l: l}
	l.add(now, func() { s.s = c.Join(now, who) })
	return s
}

// Add keeps a copy of the sample.
func (s *laterSession) Add(sm *player.Sample, m *record.Meta) {
	sample := *sm
	var meta *record.Meta
	if m != nil {
		kept := *m
		meta = &kept
	}
	s.l.add(sm.At, func() { s.s.Add(&sample, meta) })
}
