package measure

import (
	"time"

	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// End is how a run ended, with what only its driver knows.
type End struct {
	At time.Duration // the last instant of the run

	// Interrupted is why the run ended early: "interrupted by the user", or the
	// text of the stop condition that tripped. "" = it did not.
	Interrupted string
	// Unreachable is why the target could not be watched at all; "" = it could.
	Unreachable string

	Faults []chaos.Outcome
	// Watching: [Finished.Monitored] follows.
	Watching bool
	// Traffic is the true load, when it was counted elsewhere. It replaces what
	// the meter has.
	Traffic *traffic.Load

	Agents    []Agent // of a run over several machines
	Blurred   string  // why their clocks were too far apart; "" = they were not
	Gone      string  // why there is no verdict on the machines' parts; "" = there is one
	LostLimit float64 // the share of their players that may be lost

	CPU            time.Duration   // user and system time of the tool
	RSSPeak        int64           // bytes
	Goroutines     int64           // peak
	Trends         []reports.Trend // of what the tool used
	DroppedSamples int64
	Warnings       []string
}

// Agent is a machine of a run that goes over several, with what only its driver knows.
type Agent struct {
	Name    string
	Players int64 // of its share of the audience
	CPU     time.Duration
	RSSPeak int64 // bytes
	// ClockOffset is the conductor's clock minus its own, and ClockError by how much that
	// may be wrong.
	ClockOffset, ClockError time.Duration
	LostAt                  time.Duration // from when on nothing is known of it
	Lost                    string        // why; "" = it was not lost
}

// testerLag is the lag that the limit applies to: in baseline and fault; of the
// whole run when it has no fault. The agent with the worst one decides.
func (v *view) testerLag() []reports.Lag {
	of := func(name string, counts func(*record.PhaseSet) bool) reports.Lag {
		worst := reports.Lag{Phase: name, P99: reports.NoData}
		for i := range v.Testers {
			t := &v.Testers[i]
			var h reports.Histogram
			for set := range t.Lag {
				if counts(&v.Phases.Sets[set]) {
					h.Merge(&t.Lag[set])
				}
			}
			if p99 := h.Stat(reports.StatP99, reports.Milliseconds.Scale(), 0); p99.Known() && !(p99 <= worst.P99) {
				worst.P99, worst.Agent = p99, t.Agent
			}
		}
		return worst
	}
	if len(v.Config.Faults) == 0 {
		return []reports.Lag{of("whole run", func(*record.PhaseSet) bool { return true })}
	}
	return []reports.Lag{
		of("baseline", func(s *record.PhaseSet) bool { return s.In(-1, record.Baseline) }),
		of("fault", func(s *record.PhaseSet) bool { return s.In(-1, record.During) }),
	}
}
