package rig

import (
	"time"

	"hlsload/player/draw"
)

// clock says when the segments of the healthy channel are due. Segments are
// numbered by their index: segment 0 is the first whose end is at or after the
// start of the run, so those with a negative index were published before it.
type clock struct {
	epoch   time.Time
	segment time.Duration
	phase   time.Duration // end of segment 0, in [0, segment)
}

var phaseRule = draw.NewRule("rig.phase")

// newClock draws the phase, in whole milliseconds so that date-times are exact
// in a playlist.
func newClock(segment time.Duration, seed draw.Seed, epoch time.Time) clock {
	phase := time.Duration(seed.Uniform(phaseRule, 0) * float64(segment)).Truncate(time.Millisecond)
	return clock{epoch: epoch, segment: segment, phase: phase}
}

// end is when segment j ends, which is when an encoder publishes it.
func (c *clock) end(j int64) time.Duration { return c.phase + time.Duration(j)*c.segment }

// start is when segment j starts.
func (c *clock) start(j int64) time.Duration { return c.end(j) - c.segment }

// latest is the index of the last segment that is due at now.
func (c *clock) latest(now time.Duration) int64 {
	d := now - c.phase
	j := int64(d / c.segment)
	if d < 0 && d%c.segment != 0 {
		j--
	}
	return j
}

// date is the wall-clock instant of now.
func (c *clock) date(now time.Duration) time.Time { return c.epoch.Add(now) }

// second is now, cut to the whole second of wall-clock time: what an S3
// Last-Modified shows.
func (c *clock) second(now time.Duration) time.Duration {
	return now - time.Duration(c.date(now).Nanosecond())
}
