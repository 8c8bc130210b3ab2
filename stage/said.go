package stage

import (
	"fmt"
	"time"

	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
)

// Said is what a machine of a run says while the run goes on: what it has counted so far. What
// machines with sessions of their own say adds up exactly.
type Said struct {
	Live     record.Live
	Startups record.Startups
	Stops    measure.StopReading
}

// Say reads what a collector has counted so far.
func Say(c *record.Collector, now time.Duration) *Said {
	return &Said{c.Live(), c.Startups(), measure.ReadStops(c, now)}
}

// Sum adds up what machines say, each of which may be nil. It returns nil when none of
// them has said anything.
func Sum(all []*Said) *Said {
	var sum *Said
	for _, s := range all {
		switch {
		case s == nil:
		case sum == nil:
			sum = &Said{
				Live:     record.Live{Pipeline: make([]int64, len(s.Live.Pipeline)), Faults: make([]record.LiveFault, len(s.Live.Faults))},
				Startups: make(record.Startups, len(s.Startups)), Stops: make(measure.StopReading, len(s.Stops)),
			}
			sum.add(s)
		default:
			sum.add(s)
		}
	}
	return sum
}

func (s *Said) add(o *Said) {
	reports.Add(&s.Live, &o.Live)
	s.Startups.Add(o.Startups)
	s.Stops.Add(o.Stops)
}

// Encode returns what was said as bytes, for [Hear].
func (s *Said) Encode() []byte { return reports.AppendCounts(nil, s) }

// maxSaid bounds the memory of what one machine says.
const maxSaid = 16 << 20

// Hear reads what another machine of the run said. The bytes may be hostile.
func Hear(c *record.Config, b []byte) (*Said, error) {
	var s Said
	if err := reports.ReadCounts(b, maxSaid, &s); err != nil {
		return nil, err
	}
	for _, x := range []struct {
		what      string
		got, want int
	}{
		{"pipelines", len(s.Live.Pipeline), c.Pipelines},
		{"faults", len(s.Live.Faults), len(c.Faults)},
		{"cohorts", len(s.Startups), len(c.Cohorts)},
		{"terms of stop conditions", len(s.Stops), 2 * len(c.Stop)},
	} {
		if x.got != x.want {
			return nil, fmt.Errorf("counts of a machine: %d %s (want %d: those of this run)", x.got, x.what, x.want)
		}
	}
	return &s, nil
}
