package rig

import (
	"time"

	"hlsload/player/m3u8"
)

// Statuses counts by HTTP status, 0 to 599.
type Statuses [600]uint64

func (s *Statuses) add(status int) {
	if status >= 0 && status < len(s) {
		s[status]++
	}
}

// Map returns the statuses that occurred.
func (s *Statuses) Map() map[int]uint64 {
	m := map[int]uint64{}
	for status, n := range s {
		if n > 0 {
			m[status] = n
		}
	}
	return m
}

// Count is a number of requests and the bytes of their bodies.
type Count struct{ Requests, Bytes uint64 }

func (c *Count) add(bytes int64) {
	c.Requests++
	c.Bytes += uint64(bytes)
}

func (c *Count) plus(d Count) {
	c.Requests += d.Requests
	c.Bytes += d.Bytes
}

// EdgeStats are the counters of one POP.
type EdgeStats struct {
	Count
	ByStatus  Statuses // 0 = never answered (edge.hang)
	ByKind    [m3u8.Kinds]Count
	StaleHits uint64 // expired, served because what is behind failed
	Upstream  uint64 // caused an origin request
	Aborted   uint64 // the viewer gave up
}

// OriginStats are the counters of the origin's reads, by caches and others. A
// request that the origin never answered counts as 504.
type OriginStats struct {
	Count
	ByStatus Statuses
	ByKind   [m3u8.Kinds]Count
}

// Second is what happened in one second of the run.
type Second struct{ Edge, Origin Count }

// Stats is the truth about a rig's load, counted when a request arrives.
type Stats struct {
	Origin OriginStats
	Edges  []EdgeStats
	// Seconds are the seconds of the run so far, up to [MaxSeconds]; later
	// ones are in the totals only.
	Seconds []Second
	// OnOrigin, when set, is called for each read at the origin, by the
	// caller of the rig.
	OnOrigin func(now time.Duration, status int, bytes int64)
}

// MaxSeconds bounds the time series: a week.
const MaxSeconds = 7 * 24 * 3600

// second is the bucket of now; outside of the series one that is not kept.
func (s *Stats) second(now time.Duration) *Second {
	i := int(max(now, 0) / time.Second)
	if i >= MaxSeconds {
		return new(Second)
	}
	for len(s.Seconds) <= i {
		s.Seconds = append(s.Seconds, Second{})
	}
	return &s.Seconds[i]
}

func (s *Stats) origin(now time.Duration, q *query, status int, bytes int64) {
	o := &s.Origin
	o.add(bytes)
	o.ByStatus.add(status)
	o.ByKind[q.kind()].add(bytes)
	s.second(now).Origin.add(bytes)
	if s.OnOrigin != nil {
		s.OnOrigin(now, status, bytes)
	}
}

func (s *Stats) edge(now time.Duration, pop int, a *Answer) {
	e := &s.Edges[pop]
	e.add(a.Bytes)
	e.ByStatus.add(a.Status)
	e.ByKind[a.Kind].add(a.Bytes)
	if a.Stale {
		e.StaleHits++
	}
	if a.Upstream != NoLayer {
		e.Upstream++
	}
	s.second(now).Edge.add(a.Bytes)
}

// Edge is the sum over the POPs.
func (s *Stats) Edge() EdgeStats {
	var sum EdgeStats
	for i := range s.Edges {
		e := &s.Edges[i]
		sum.plus(e.Count)
		for k := range e.ByStatus {
			sum.ByStatus[k] += e.ByStatus[k]
		}
		for k := range e.ByKind {
			sum.ByKind[k].plus(e.ByKind[k])
		}
		sum.StaleHits += e.StaleHits
		sum.Upstream += e.Upstream
		sum.Aborted += e.Aborted
	}
	return sum
}

// Stats returns the counters. They go on counting; the caller must not change
// them, and copies what it wants to keep.
func (r *Rig) Stats() *Stats { return &r.stats }
