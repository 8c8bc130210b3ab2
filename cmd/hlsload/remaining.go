package main

import (
	"time"

	"hlsload/reports/figure"
)

// remaining tells how long a simulation will take, by how fast virtual time went lately.
type remaining struct {
	duration time.Duration
	began    time.Time
	marks    [60]mark // the latest, a second of virtual time each; a ring
	n        int
}

// mark is an instant of virtual time, and how long it took until then.
type mark struct{ at, took time.Duration }

// quietFor is how long a simulation takes before it says how much longer.
const quietFor = 10 * time.Second

// text is how long it takes until the end, seen at an instant; "" = that is not known yet,
// or soon over.
func (l *remaining) text(now, took time.Duration) string {
	old := l.marks[l.n%len(l.marks)] // the zero mark, until the ring is full
	l.marks[l.n%len(l.marks)] = mark{now, took}
	l.n++
	if took < quietFor || now <= old.at || now >= l.duration {
		return ""
	}
	more := float64(took-old.took) / float64(now-old.at) * float64(l.duration-now)
	return "  about " + figure.Seconds(max(1000, 1000*time.Duration(more).Round(time.Second).Seconds())) + " left"
}

// timed is progress of a simulation.
func (l *remaining) timed(now time.Duration) string {
	if l == nil {
		return ""
	}
	return l.text(now, time.Since(l.began))
}
