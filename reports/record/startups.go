package record

import (
	"sync"
	"time"

	"hlsload/reports"
)

// Startups are the startup times so far, by cohort. They add up exactly.
type Startups []reports.Histogram

// Add adds the startup times of other sessions of the same run. Cohorts that it does not
// have are left out.
func (s Startups) Add(o Startups) {
	for i := range min(len(s), len(o)) {
		s[i].Merge(&o[i])
	}
}

// Usual are the usual startup times by cohort: the 95th percentile of the cohort, else
// of all sessions, else a target duration.
func (s Startups) Usual(target time.Duration) []time.Duration {
	usual := make([]time.Duration, len(s))
	for i := range s {
		usual[i] = s.usual(i, target)
	}
	return usual
}

func (s Startups) usual(cohort int, target time.Duration) time.Duration {
	const q = .95
	if h := &s[cohort]; h.Count() > 0 {
		return time.Duration(h.Quantile(q, 0)) * time.Microsecond
	}
	var all reports.Histogram
	for i := range s {
		all.Merge(&s[i])
	}
	if all.Count() == 0 {
		return target
	}
	return time.Duration(all.Quantile(q, 0)) * time.Microsecond
}

// sharedStartups are those of all shards.
type sharedStartups struct {
	mu       sync.Mutex
	byCohort Startups
}

func (n *sharedStartups) note(cohort int, d time.Duration) {
	n.mu.Lock()
	n.byCohort[cohort].Duration(d)
	n.mu.Unlock()
}

// Startups are the startup times of this collector's sessions so far.
func (c *Collector) Startups() Startups {
	s := make(Startups, len(c.cfg.Cohorts))
	c.startups.mu.Lock()
	defer c.startups.mu.Unlock()
	s.Add(c.startups.byCohort)
	return s
}

// Usual are the usual startup times of this collector's sessions. When the run goes over
// several machines, those of all of them together count: see [Startups.Usual].
func (c *Collector) Usual() []time.Duration {
	c.startups.mu.Lock()
	defer c.startups.mu.Unlock()
	return c.startups.byCohort.Usual(c.cfg.TargetDuration)
}

// SetUsual says what the usual startup times of the run are now, by cohort. Call it about
// once a second: sessions that wait for longer count as viewers who are not served.
func (c *Collector) SetUsual(usual []time.Duration) {
	c.usualNow.Store(&usual)
	if c.cfg.Tap != nil {
		c.cfg.Tap(Told{Usual: usual})
	}
}

// usual is the usual startup time of a cohort; 0 = it was not said yet.
func (c *Collector) usual(cohort int) time.Duration {
	if u := c.usualNow.Load(); u != nil && cohort < len(*u) {
		return (*u)[cohort]
	}
	return 0
}
