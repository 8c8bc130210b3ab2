package stage

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/reports/measure"
	"hlsload/reports/monitor"
	"hlsload/reports/record"
)

// Progress shows how a run is getting on.
type Progress interface {
	// Show is called about once a second of the run.
	Show(now time.Duration, l *record.Live)
	// Mark notes an event of the timeline.
	Mark(now time.Duration, text string)
}

// Second is what is done once a second of a run: progress is shown, faults that
// came and went are noted, stop conditions are checked, and events are written.
type Second struct {
	progress  Progress
	collector *record.Collector
	stops     *measure.Stops
	events    *record.EventLog
	faults    []chaos.Fault
	known     []record.LiveFault
}

// NewSecond returns what is done each second. The monitor and the events may be
// nil.
func NewSecond(p Progress, c *record.Collector, m *monitor.Monitor, events *record.EventLog, faults []chaos.Fault) *Second {
	return &Second{progress: p, collector: c, stops: measure.NewStops(c, m), events: events, faults: faults, known: make([]record.LiveFault, len(faults))}
}

// Pass does it. It returns the stop condition that tripped, "" for none, and an
// error if events cannot be written.
func (s *Second) Pass(now time.Duration) (tripped string, err error) {
	live := s.collector.Live()
	s.mark(now, &live)
	s.progress.Show(now, &live)
	if tripped = s.stops.Check(now); tripped != "" {
		tripped = "stop condition: " + tripped
	}
	if s.events != nil {
		if err = s.events.Flush(); err != nil {
			err = fmt.Errorf("writing the event file: %w", err)
		}
	}
	return tripped, err
}

// mark notes which faults came and went.
func (s *Second) mark(now time.Duration, l *record.Live) {
	for i, f := range l.Faults {
		name := s.faults[i].Name
		if s.faults[i].Occurrence > 1 {
			name += fmt.Sprintf(" #%d", s.faults[i].Occurrence)
		}
		if f.Applied && !s.known[i].Applied {
			s.progress.Mark(now, fmt.Sprintf("%s: %s is on", name, s.faults[i].Kind))
		}
		if f.Cleared && !s.known[i].Cleared {
			s.progress.Mark(now, fmt.Sprintf("%s: %s is over; affected %d, failed over %d", name, s.faults[i].Kind, f.Affected, f.FailedOver))
		}
		s.known[i] = f
	}
}

// Linger is how long a run goes on after a stop condition has ended it and its
// faults are undone: players need some reloads to show that they are well.
func Linger(recovery, target time.Duration) time.Duration {
	return min(recovery, 3*target)
}
