package record

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/traffic"
)

// Counts are what was recorded of some sessions. They add up exactly and in any order.
type Counts struct {
	Groups map[GroupKey]*Group // the sessions by cohort and phase set in which they joined
	Faults map[FaultKey]*FaultTotals
	// Watching is how many sessions were there at the onset of each occurrence, without
	// control cohorts.
	Watching []int64
	Rows     Timeline
	Live     Live
	ByWindow []Windowed // what expectations ask for window by window
	Seen
}

func newCounts(cfg *Config) Counts {
	return Counts{
		Groups: map[GroupKey]*Group{}, Faults: map[FaultKey]*FaultTotals{}, Watching: make([]int64, len(cfg.Faults)),
		Rows: newRows(cfg.Duration, cfg.Pipelines), Live: newLive(cfg), ByWindow: make([]Windowed, len(cfg.windows.series)), Seen: Seen{Traffic: traffic.New(cfg.Duration)},
	}
}

func (c *Counts) groupOf(k GroupKey) *Group {
	g := c.Groups[k]
	if g == nil {
		g = &Group{Key: k}
		c.Groups[k] = g
	}
	return g
}

func (c *Counts) faultOf(k FaultKey) *FaultTotals {
	n := c.Faults[k]
	if n == nil {
		n = &FaultTotals{}
		c.Faults[k] = n
	}
	return n
}

// add adds the counts of other sessions of the same run.
func (c *Counts) add(o *Counts) {
	for k, g := range o.Groups {
		c.groupOf(k).add(g)
	}
	for k, n := range o.Faults {
		reports.Add(c.faultOf(k), n)
	}
	for i, n := range o.Watching {
		c.Watching[i] += n
	}
	c.Rows.add(&o.Rows)
	c.Live.add(&o.Live)
	for i := range o.ByWindow {
		c.ByWindow[i].add(&o.ByWindow[i])
	}
	c.Seen.add(&o.Seen)
}

// Seen is what players saw of the delivery, and what is not counted by cohort.
type Seen struct {
	Traffic      traffic.Load
	Headers      bool       // some answer had headers of a cache
	Odd          OddHeaders // those that were not understood
	Redirects    int64      // requests that were answered by one
	Rejoined     int64
	PlayingAtEnd int64
	Buffers      Buffers // of those sessions

	// Answers outside of faults.
	Kinds      [m3u8.Kinds]Answers
	Renditions []RenditionAnswers
}

func (s *Seen) add(o *Seen) {
	s.Traffic.Add(&o.Traffic)
	s.Headers = s.Headers || o.Headers
	s.Odd.merge(o.Odd)
	s.Redirects += o.Redirects
	s.Rejoined += o.Rejoined
	s.PlayingAtEnd += o.PlayingAtEnd
	s.Buffers.add(o.Buffers)
	reports.Add(&s.Kinds, &o.Kinds)
	for i := range o.Renditions {
		if i == len(s.Renditions) {
			s.Renditions = append(s.Renditions, RenditionAnswers{})
		}
		s.Renditions[i].add(&o.Renditions[i])
	}
}

// Buffers is how much media sessions had left when the run ended.
type Buffers struct {
	Sessions    int64
	Least, Most time.Duration
}

func (b *Buffers) note(left time.Duration) { b.add(Buffers{1, left, left}) }

func (b *Buffers) add(o Buffers) {
	switch {
	case o.Sessions == 0:
		return
	case b.Sessions == 0:
		b.Least = o.Least
	}
	b.Sessions += o.Sessions
	b.Least, b.Most = min(b.Least, o.Least), max(b.Most, o.Most)
}
