package stage

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"time"

	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// Said is what a machine of a run says while the run goes on: what it has counted so far. What
// machines with sessions of their own say adds up exactly, but for requests to the origin
// that their viewers shared: a [Listener] counts those once.
type Said struct {
	Live     record.Live
	Startups record.Startups
	Stops    measure.StopReading
	Lags     reports.Histogram // how much later than due requests were sent, in µs

	Sums        *record.Sums // for metrics; nil = they were not asked for, or left out
	SumsLeftOut bool         // they would have been too large

	Fills Fills
}

// Fills are answers that may have shared requests to the origin with those of other
// machines, each of which is said once.
type Fills struct {
	First int64 // number of the first of them
	Fresh []traffic.BriefFill
}

// Say reads what a collector has counted so far.
func Say(c *record.Collector, now time.Duration) *Said {
	return &Said{Live: c.Live(), Startups: c.Startups(), Stops: measure.ReadStops(c, now), Lags: c.Lags()}
}

// p99 is the 99th percentile of lags; 0 = there are none.
func p99(lag *reports.Histogram) time.Duration {
	if lag.Count() == 0 {
		return 0
	}
	return time.Duration(lag.Quantile(.99, 0)) * time.Microsecond
}

// Sum adds up what machines say, each of which may be nil. It returns nil when none of
// them has said anything. Fills are left out.
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
	s.Lags.Merge(&o.Lags)
	if o.Sums != nil {
		if s.Sums == nil {
			s.Sums = &record.Sums{}
		}
		s.Sums.Add(o.Sums)
	}
	s.SumsLeftOut = s.SumsLeftOut || o.SumsLeftOut
}

// What one machine says may take: of the bytes on their way, of those once they are
// inflated, and of memory.
const (
	maxSent     = 120 << 10
	maxInflated = 8 << 20
	maxSaid     = 16 << 20
)

// Encode returns what was said as bytes, for [Hear]. Sums that would be too large are left
// out.
func (s *Said) Encode() []byte {
	b := s.deflated()
	if s.Sums == nil || len(b) <= maxSent {
		return b
	}
	less := *s
	less.Sums, less.SumsLeftOut = nil, true
	return less.deflated()
}

func (s *Said) deflated() []byte {
	var b bytes.Buffer
	z, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed) // the level is a good one
	_, _ = z.Write(reports.AppendCounts(nil, s))    // memory takes everything
	_ = z.Close()
	return b.Bytes()
}

// Hear reads what another machine of the run said. The bytes may be hostile.
func Hear(c *record.Config, b []byte) (*Said, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("counts of a machine: %w", err)
	}
	counts, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("counts of a machine: %w", err)
	case len(counts) > maxInflated:
		return nil, fmt.Errorf("counts of a machine: more than %d bytes", maxInflated)
	}
	var s Said
	if err := reports.ReadCounts(counts, maxSaid, &s); err != nil {
		return nil, fmt.Errorf("counts of a machine: %w", err)
	}
	if err := s.check(c); err != nil {
		return nil, fmt.Errorf("counts of a machine: %w", err)
	}
	return &s, nil
}

// check reports whether what was said is about the run.
func (s *Said) check(c *record.Config) error {
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
			return fmt.Errorf("%d %s (want %d: those of this run)", x.got, x.what, x.want)
		}
	}
	if n := len(s.Fills.Fresh); n > maxFills || s.Fills.First < 0 {
		return fmt.Errorf("%d requests to the origin from number %d on (want at most %d, from 0 on or later)", n, s.Fills.First, maxFills)
	}
	switch {
	case s.Sums == nil:
		return nil
	case s.SumsLeftOut:
		return errors.New("sums that are said to be left out are there")
	}
	return s.Sums.Check(c)
}
