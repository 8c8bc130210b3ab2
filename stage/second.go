package stage

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/reports/measure"
	"hlsload/reports/monitor"
	"hlsload/reports/record"
)

// Progress shows a run in progress.
type Progress interface {
	// Show is called about once a second of the run.
	Show(now time.Duration, l *record.Live)
	// Mark shows an event of the timeline.
	Mark(now time.Duration, text string)
}

// Second does the work of each second of a run: it shows progress and which faults are
// on, checks stop conditions, and writes events.
type Second struct {
	progress  Progress
	collector *record.Collector
	stops     *measure.Stops
	events    *record.EventLog
	faults    []chaos.Fault
	known     []record.LiveFault
	lost      bool // events can no longer be written
}

// NewSecond returns a Second. The monitor and the events may be nil.
func NewSecond(p Progress, c *record.Collector, m *monitor.Monitor, events *record.EventLog, faults []chaos.Fault) *Second {
	return &Second{progress: p, collector: c, stops: measure.NewStops(c, m), events: events, faults: faults, known: make([]record.LiveFault, len(faults))}
}

// Resume says that what happened so far, in a run that goes on, was shown before.
func (s *Second) Resume() { s.known = s.collector.Live().Faults }

// Pass does the work of one second of a run whose sessions are all of this collector. It
// also says what startup times are usual.
func (s *Second) Pass(now time.Duration) (tripped string) {
	s.collector.SetUsual(s.collector.Usual())
	return s.Take(now, Say(s.collector, now))
}

// Take does the work of one second with what all machines of the run say. It returns the
// stop condition that tripped; "" = none. When events cannot be written, the run goes on
// without them.
func (s *Second) Take(now time.Duration, said *Said) (tripped string) {
	s.mark(now, &said.Live)
	s.progress.Show(now, &said.Live)
	if tripped = s.stops.Judge(now, said.Stops); tripped != "" {
		tripped = "stop condition: " + tripped
	}
	if s.events != nil && !s.lost {
		if err := s.events.Flush(); err != nil {
			s.lost = true
			s.progress.Mark(now, fmt.Sprintf("warning: writing the event file: %v; the run goes on without it", err))
		}
	}
	return tripped
}

// mark shows which faults began and ended.
func (s *Second) mark(now time.Duration, l *record.Live) {
	for i, f := range l.Faults {
		if before := &s.known[i]; f.Applied == before.Applied && f.Cleared == before.Cleared {
			continue
		}
		name := s.faults[i].Name
		if s.faults[i].Occurrence > 1 {
			name += fmt.Sprintf(" #%d", s.faults[i].Occurrence)
		}
		instant := s.faults[i].Kind.Spec().Instant
		switch {
		case !f.Applied || s.known[i].Applied:
		case instant:
			s.progress.Mark(now, fmt.Sprintf("%s: %s", name, s.faults[i].Kind))
		default:
			s.progress.Mark(now, fmt.Sprintf("%s: %s is on", name, s.faults[i].Kind))
		}
		if f.Cleared && !s.known[i].Cleared && !instant {
			s.progress.Mark(now, fmt.Sprintf("%s: %s is over; affected %d, failed over %d", name, s.faults[i].Kind, f.Affected, f.FailedOver))
		}
		s.known[i] = f
	}
}

// Linger is how long a run goes on after a stop condition has tripped and the faults
// are undone: players need some reloads to show that they have recovered.
func Linger(recovery, target time.Duration) time.Duration {
	return min(recovery, 3*target)
}
