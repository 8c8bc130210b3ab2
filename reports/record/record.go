package record

import (
	"iter"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/traffic"
)

// Record is everything that was recorded up to an instant.
type Record struct {
	Config *Config
	At     time.Duration
	Phases *PhaseMap
	Meter  *traffic.Meter
	peak   int64
	shards []*shard
}

// Look calls f with what was recorded so far. Nothing is recorded meanwhile.
func (c *Collector) Look(now time.Duration, f func(*Record)) {
	for _, sh := range c.shards {
		sh.mu.Lock()
		defer sh.mu.Unlock()
	}
	f(&Record{Config: &c.cfg, At: now, Phases: c.course.Load(), Meter: &c.meter, shards: c.shards})
}

// finish cuts all sessions that are still open, after last has looked at them.
// Samples that come later are ignored.
func (c *Collector) Finish(end time.Duration, last func(*Record)) (r *Record) {
	c.Look(end, func(now *Record) {
		r = now
		r.Phases = r.Phases.endsAt(end)
		last(r)
		for _, sh := range c.shards {
			sh.cut(r.Phases, end)
		}
		r.peak = c.presence.peak
	})
	return r
}

// cut ends all open sessions and settles what waited for the end.
func (sh *shard) cut(co *PhaseMap, end time.Duration) {
	for len(sh.open) > 0 {
		s := sh.open[len(sh.open)-1]
		s.advance(co, max(end, s.at))
		s.end(co, max(end, s.at), player.Joined)
	}
	for i := range sh.pending {
		p := &sh.pending[i]
		p.t.settle(&co.Occurrences[p.t.occ], end, p.how, false)
	}
	sh.pending = nil
}

// groups are the sessions by cohort and span in which they joined.
func (r *Record) Groups() iter.Seq2[GroupKey, *Group] {
	return func(yield func(GroupKey, *Group) bool) {
		for _, sh := range r.shards {
			for k, g := range sh.groups {
				if !yield(k, g) {
					return
				}
			}
		}
	}
}

// impacts are what occurrences of faults did.
func (r *Record) Faults() iter.Seq2[FaultKey, *FaultTotals] {
	return func(yield func(FaultKey, *FaultTotals) bool) {
		for _, sh := range r.shards {
			for k, n := range sh.faults {
				if !yield(k, n) {
					return
				}
			}
		}
	}
}

// open are the sessions that go on.
func (r *Record) Open() iter.Seq[*Session] {
	return func(yield func(*Session) bool) {
		for _, sh := range r.shards {
			for _, s := range sh.open {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// players counts the sessions.
func (r *Record) Players() reports.Players {
	p := reports.Players{Peak: r.peak}
	for _, sh := range r.shards {
		p.PlayingAtEnd += sh.playingAtEnd
		p.Rejoined += sh.rejoins
	}
	for _, g := range r.Groups() {
		p.Started += g.Sessions
		p.StartupFailed += g.StartupFailed
		p.Unfinished += g.Unfinished
		p.Fatal += g.Fatal
		p.Left += g.left
		p.Ended += g.ended
		p.Stalled += g.EverStalled
	}
	return p
}

// estimate is the load as the players saw it.
func (r *Record) Estimate() *traffic.Load {
	t := traffic.New(r.Config.Duration)
	for _, sh := range r.shards {
		t.Add(&sh.traffic)
	}
	return &t
}

// soFar is a sum over the whole run until now: as it was counted, else as the
// players saw it.
func (r *Record) SoFar(of traffic.Series) (n int64) {
	if n := r.Meter.Total(of); n > 0 {
		return n
	}
	for _, sh := range r.shards {
		n += sh.traffic.Total(of)
	}
	return n
}

// sawHeaders reports whether some answer had headers of a cache.
func (r *Record) SawHeaders() bool {
	for _, sh := range r.shards {
		if sh.headers {
			return true
		}
	}
	return false
}

// redirects is how many requests were answered by one.
func (r *Record) Redirects() (n int64) {
	for _, sh := range r.shards {
		n += sh.redirects
	}
	return n
}

// originFirstByte is how long the origin took, as headers have it.
func (r *Record) OriginFirstByte() reports.Histogram {
	h := reports.CoarseHistogram()
	for _, sh := range r.shards {
		h.Merge(&sh.fetched)
	}
	return h
}

// notUnderstood are the headers of caches that were not.
func (r *Record) NotUnderstood() []reports.NotUnderstood {
	odd := oddHeaders{}
	for _, sh := range r.shards {
		odd.merge(sh.odd)
	}
	return odd.list()
}

// timeline is how many sessions did what, by step.
func (r *Record) Timeline() Timeline {
	t := newRows(r.Config.Duration, r.Config.Pipelines)
	for _, sh := range r.shards {
		t.add(&sh.rows)
	}
	return t
}

// seen are the answers outside of faults, by kind and by rendition.
func (r *Record) Answers() (kinds [m3u8.Kinds]Answers, renditions []RenditionAnswers) {
	for _, sh := range r.shards {
		for k := range sh.kinds {
			kinds[k].Add(&sh.kinds[k])
		}
		for i := range sh.watched {
			if i == len(renditions) {
				renditions = append(renditions, RenditionAnswers{})
			}
			renditions[i].add(&sh.watched[i])
		}
	}
	return kinds, renditions
}

// buffered is the media that those who play at the end have left.
func (r *Record) Buffered() (all []time.Duration) {
	for _, sh := range r.shards {
		all = append(all, sh.left...)
	}
	return all
}
