package stage

import (
	"fmt"
	"sync"
	"time"

	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// maxFills is how many requests to the origin are said at a time, for others to compare
// theirs.
const maxFills = 1500

// Speaker says what the collector of one of several machines has counted. It belongs to
// one goroutine.
type Speaker struct {
	c    *record.Collector
	next int64 // number of the next of the fills to say
}

// NewSpeaker returns a Speaker that has not said anything yet.
func NewSpeaker(c *record.Collector) *Speaker { return &Speaker{c: c} }

// Say says, about once a second, what was counted until now. With sums, those are said for
// metrics, too: that takes much longer, and the listener keeps the last ones, so every few
// seconds is enough. All that is said has to reach the listener, in order.
func (s *Speaker) Say(now time.Duration, sums bool) *Said {
	var f Fills
	f.Fresh, f.First = s.c.FreshFills(s.next, maxFills) // first: what comes meanwhile is counted, and compared the next time
	s.next = f.First + int64(len(f.Fresh))
	said := Say(s.c, now)
	said.Fills = f
	if sums {
		if said.Sums = s.c.Sums(); said.Sums != nil {
			said.Sums.Coarsen()
		}
	}
	return said
}

// Listener has what the machines of a run have said so far. All its methods may be called
// from any goroutine.
type Listener struct {
	cfg *record.Config

	mu       sync.Mutex
	machines []heard
	shared   *traffic.Shared
	partly   bool
	warnings []string
}

// heard is what one machine has said.
type heard struct {
	name    string
	last    *Said // without sums; nil = nothing yet
	sums    *record.Sums
	leftOut bool  // sums were
	next    int64 // number of the next of its fills
}

// NewListener returns a Listener for the machines of a run that cfg measures, by name, such as "agent a". A
// machine is then known by its place among the names.
func NewListener(cfg *record.Config, names []string) *Listener {
	l := &Listener{cfg: cfg, machines: make([]heard, len(names)), shared: traffic.NewShared(len(names))}
	for i, name := range names {
		l.machines[i].name = name
	}
	return l
}

// Hear takes what a machine said. now is the time of the run. The bytes may be hostile.
func (l *Listener) Hear(machine int, now time.Duration, b []byte) error {
	said, err := Hear(l.cfg, b)
	if err != nil {
		return err
	}
	l.Take(machine, now, said)
	return nil
}

// Take is [Listener.Hear] for what was said in this process. The listener owns it then.
func (l *Listener) Take(machine int, now time.Duration, said *Said) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &l.machines[machine]
	if said.Sums != nil {
		m.sums, said.Sums = said.Sums, nil
	}
	if said.SumsLeftOut && !m.leftOut {
		m.leftOut = true
		l.warnings = append(l.warnings, fmt.Sprintf("metrics: what %s has counted is too large to be sent while the run goes on (more than %d KiB); until the end they have less", m.name, maxSent>>10))
	}
	if f := &said.Fills; len(f.Fresh) > 0 {
		switch skip := m.next - f.First; {
		case skip < 0:
			l.shared.Miss()
		case skip > 0:
			f.Fresh = f.Fresh[min(skip, int64(len(f.Fresh))):]
		}
		l.shared.Take(machine, now, f.Fresh)
		m.next = max(m.next, f.First) + int64(len(f.Fresh))
		f.Fresh = nil
	}
	m.last = said
}

// Lose says that a machine is lost. What it counted stays; its sessions are not there any more.
func (l *Listener) Lose(machine int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &l.machines[machine]
	if last := m.last; last != nil {
		last.Live.Joining, last.Live.Playing, last.Live.Stalled = 0, 0, 0
		clear(last.Live.Pipeline)
		last.Stops.Leave(l.cfg)
	}
	if m.sums != nil {
		m.sums = m.sums.Leave()
	}
}

// Warnings are those that were not returned before.
func (l *Listener) Warnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.warnings
	l.warnings = nil
	return w
}

// Sum adds up what the machines have said last, but for sums; nil = nothing yet. Requests
// to the origin that their viewers shared count once.
func (l *Listener) Sum() *Said {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*Said, len(l.machines))
	for i := range l.machines {
		all[i] = l.machines[i].last
	}
	s := Sum(all)
	if s == nil {
		return nil
	}
	over := l.over()
	s.Live.OriginRequests = max(0, s.Live.OriginRequests-over.OriginRequests)
	s.Stops.TakeOff(l.cfg, &over)
	return s
}

// over is the load on the origin that several machines counted.
func (l *Listener) over() traffic.Slot {
	over, partly := l.shared.Over()
	if partly && !l.partly {
		l.partly = true
		l.warnings = append(l.warnings, "too many requests to the origin for agents to compare while the run goes on: until the end, some that they shared count more than once")
	}
	return over
}

// Sums are the sums that the machines have said last, added up; nil = there are none yet.
// It takes a while with many machines.
func (l *Listener) Sums() *record.Sums {
	l.mu.Lock()
	all := make([]*record.Sums, 0, len(l.machines))
	for i := range l.machines {
		if s := l.machines[i].sums; s != nil {
			all = append(all, s)
		}
	}
	over := l.over()
	l.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	sum := &record.Sums{}
	for _, s := range all {
		sum.Add(s)
	}
	sum.ByHeaders = max(0, sum.ByHeaders-over.OriginRequests)
	return sum
}

// Lags are how much later than due a machine's requests were sent so far: the 99th
// percentile, 0 = there were none, and all of them in µs.
func (l *Listener) Lags(machine int) (time.Duration, reports.Histogram) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := reports.CoarseHistogram()
	if last := l.machines[machine].last; last != nil {
		all.Merge(&last.Lags)
	}
	return p99(&all), all
}
