package record

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/traffic"
)

// Live is the state of a run while it goes on.
type Live struct {
	Started                   int64   // sessions so far
	Joining, Playing, Stalled int64   // sessions now
	Fatal                     int64   // so far
	FailedOver                int64   // so far: took media of something healthy and played on
	Pipeline                  []int64 // sessions now, by the pipeline they watch

	// So far.
	Requests       [m3u8.Kinds]int64
	Answers        int64
	Errors         int64
	EdgeBytes      int64
	OriginRequests int64 // as players saw them
	AtOrigin       int64 // as a rig counted them; 0 = it does not

	Faults []LiveFault // like Config.Faults
}

// LiveFault is what a fault did so far.
type LiveFault struct {
	Applied, Cleared bool
	Affected         int64
	Moved            int64 // got media of something healthy
	FailedOver       int64
	Healed           int64
}

func newLive(cfg *Config) Live {
	return Live{Pipeline: make([]int64, cfg.Pipelines), Faults: make([]LiveFault, len(cfg.Faults))}
}

// add adds the state of other sessions of the same run. There may be thousands of faults, and it is
// done every second.
func (l *Live) add(o *Live) {
	mine, theirs := l.Faults, o.Faults
	l.Faults = nil
	rest := *o
	rest.Faults = nil
	reports.Add(l, &rest)
	l.Faults = mine
	for i := range theirs {
		a, b := &mine[i], &theirs[i]
		a.Applied, a.Cleared = a.Applied || b.Applied, a.Cleared || b.Cleared
		a.Affected += b.Affected
		a.Moved += b.Moved
		a.FailedOver += b.FailedOver
		a.Healed += b.Healed
	}
}

// Origin is how many requests the origin got so far.
func (l *Live) Origin() int64 {
	if l.AtOrigin > 0 {
		return l.AtOrigin
	}
	return l.OriginRequests
}

// Live returns the state now. It locks each part of the sessions for a moment.
func (c *Collector) Live() Live {
	l := newLive(&c.cfg)
	for _, sh := range c.shards {
		sh.mu.Lock()
		l.add(&sh.Live)
		sh.mu.Unlock()
	}
	c.complete(&l)
	return l
}

// Lags is how much later than due requests were sent so far, in µs. It locks each part of
// the sessions for a moment.
func (c *Collector) Lags() reports.Histogram {
	all := reports.CoarseHistogram()
	for _, sh := range c.shards {
		sh.mu.Lock()
		all.Merge(&sh.lag)
		sh.mu.Unlock()
	}
	return all
}

// Lag is the 99th percentile of [Collector.Lags]; 0 = there are none.
func (c *Collector) Lag() time.Duration {
	all := c.Lags()
	if all.Count() == 0 {
		return 0
	}
	return time.Duration(all.Quantile(.99, 0)) * time.Microsecond
}

// complete adds what is not counted by shard.
func (c *Collector) complete(l *Live) {
	l.OriginRequests += c.fills.Total(traffic.OriginRequests)
	l.AtOrigin = c.meter.Total(traffic.OriginRequests)
	co := c.course.Load()
	for i := range l.Faults {
		l.Faults[i].Applied = co.Occurrences[i].Applied != Forever
		l.Faults[i].Cleared = co.Occurrences[i].Cleared != Forever
	}
}
