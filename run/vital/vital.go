// Package vital watches what this process uses of its machine while a run goes on, and says at
// its end whether something of it grew all the time: a leak. A tester that leaks is not the
// same in the last hour of a night as in the first.
package vital

import (
	"math"
	"runtime"
	"sync"
	"time"

	"hlsload/reports"
	"hlsload/reports/trend"
)

// Kind is one of the things that are watched.
type Kind uint8

const (
	Heap Kind = iota // what the collector of garbage found to be in use
	RSS
	Goroutines
	Files // that are open
	Threads
	kinds
)

// Level is how much of each thing there is; NaN = unknown.
type Level [kinds]float64

// things are what is watched: as people call it, its unit in the summary, what growth is none, and
// whether all of it has to be given back once the players have left. The memory of the system is
// given back late, threads never are.
var things = [kinds]struct {
	name, unit string
	bound      trend.Bound
	back       bool
}{
	Heap:       {"live heap", "bytes", trend.Bound{Share: .05, Least: 8 << 20}, false},
	RSS:        {"resident memory", "bytes", trend.Bound{Share: .05, Least: 8 << 20}, false},
	Goroutines: {"goroutines", "", trend.Bound{Share: .05, Least: 50}, true},
	Files:      {"open files", "", trend.Bound{Share: .05, Least: 20}, true},
	Threads:    {"threads", "", trend.Bound{Share: .05, Least: 20}, false},
}

const (
	// every is how often the process is looked at.
	every = 10 * time.Second
	// Shortest is the shortest run of which something can be said.
	Shortest = 20 * time.Minute
)

// Watch is what was seen of the process. Its methods may be called from any goroutine.
type Watch struct {
	read func() Level

	mu     sync.Mutex
	next   time.Duration
	series [kinds]trend.Series
	start  Level // before the first player
}

// New watches what read sees; nil = this process. It notes the level before the first player.
func New(read func() Level) *Watch {
	if read == nil {
		read = Read
	}
	return &Watch{read: read, start: read()}
}

// Look looks at the process if it is time. Call it about once a second.
func (w *Watch) Look(now time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now < w.next {
		return
	}
	w.next = now.Truncate(every) + every
	for k, v := range w.read() {
		if !math.IsNaN(v) {
			w.series[k].Add(now, v)
		}
	}
}

// Trends says what became of each thing in a run that lasted so long and is over. left: all
// players are gone, so that what they used has to be back. It is nil for a run that was too short.
func (w *Watch) Trends(end time.Duration, left bool) (all []reports.Trend) {
	if w == nil || end < Shortest {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var now Level
	if left {
		now = w.settled()
	}
	for k, thing := range things {
		points := w.series[k].Points()
		if len(points) == 0 {
			continue // it cannot be seen on this system
		}
		g := trend.Look(points, end, thing.bound)
		t := reports.Trend{What: thing.name, Unit: thing.unit, Start: known(w.start[k]), From: known(g.From), To: known(g.To), PerDay: known(g.PerDay), P: reports.Value(g.P).Round(6), Samples: g.Samples, End: reports.NoData}
		if left {
			t.End = known(now[k])
		}
		t.Judge(g.Grows, left && w.keeps(Kind(k), now[k]))
		all = append(all, t)
	}
	return all
}

// keeps reports whether something that has to be given back is not.
func (w *Watch) keeps(k Kind, now float64) bool {
	b := &things[k].bound
	return things[k].back && now-w.start[k] > max(b.Share*w.start[k], b.Least)
}

// settled is the level once what ends has ended: connections, say, whose other side is in this
// process, too. It waits for moments only.
func (w *Watch) settled() Level {
	const moments, moment = 30, 100 * time.Millisecond
	runtime.GC() // what the heap holds is known after a collection
	now := w.read()
	for range moments {
		if !w.keeps(Goroutines, now[Goroutines]) && !w.keeps(Files, now[Files]) {
			break
		}
		time.Sleep(moment)
		now = w.read()
	}
	return now
}

func known(v float64) reports.Value { return reports.Value(v).Round(1) }
