package reports

import (
	"iter"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
)

// Record is everything that was recorded up to an instant.
type Record struct {
	Config *Config
	At     time.Duration
	course *course
	meter  *Meter
	peak   int64
	shards []*shard
}

// Look calls f with what was recorded so far. Nothing is recorded meanwhile.
func (c *Collector) Look(now time.Duration, f func(*Record)) {
	for _, sh := range c.shards {
		sh.mu.Lock()
		defer sh.mu.Unlock()
	}
	f(&Record{Config: &c.cfg, At: now, course: c.course.Load(), meter: &c.meter, shards: c.shards})
}

// finish cuts all sessions that are still open, after last has looked at them.
// Samples that come later are ignored.
func (c *Collector) finish(end time.Duration, last func(*Record)) (r *Record) {
	c.Look(end, func(now *Record) {
		r = now
		r.course = r.course.endsAt(end)
		last(r)
		for _, sh := range c.shards {
			sh.cut(r.course, end)
		}
		r.peak = c.presence.peak
	})
	return r
}

// cut ends all open sessions and settles what waited for the end.
func (sh *shard) cut(co *course, end time.Duration) {
	for len(sh.open) > 0 {
		s := sh.open[len(sh.open)-1]
		s.advance(co, max(end, s.at))
		s.end(co, max(end, s.at), player.Joined)
	}
	for i := range sh.pending {
		p := &sh.pending[i]
		p.t.settle(&co.occs[p.t.occ], end, p.how, false)
	}
	sh.pending = nil
}

// groups are the sessions by cohort and span in which they joined.
func (r *Record) groups() iter.Seq2[groupKey, *group] {
	return func(yield func(groupKey, *group) bool) {
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
func (r *Record) impacts() iter.Seq2[impactKey, *impact] {
	return func(yield func(impactKey, *impact) bool) {
		for _, sh := range r.shards {
			for k, n := range sh.impacts {
				if !yield(k, n) {
					return
				}
			}
		}
	}
}

// open are the sessions that go on.
func (r *Record) open() iter.Seq[*Session] {
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
func (r *Record) players() Players {
	p := Players{Peak: r.peak}
	for _, sh := range r.shards {
		p.PlayingAtEnd += sh.playingAtEnd
		p.Rejoined += sh.rejoins
	}
	for _, g := range r.groups() {
		p.Started += g.sessions
		p.StartupFailed += g.startupFailed
		p.Unfinished += g.unfinished
		p.Fatal += g.fatal
		p.Left += g.left
		p.Ended += g.ended
		p.Stalled += g.everStalled
	}
	return p
}

// estimate is the load as the players saw it.
func (r *Record) estimate() *Traffic {
	t := newTraffic(r.Config.Duration)
	for _, sh := range r.shards {
		t.add(&sh.traffic)
	}
	return &t
}

// soFar is a sum over the whole run until now: as it was counted, else as the
// players saw it.
func (r *Record) soFar(of series) (n int64) {
	if n := r.meter.total(of); n > 0 {
		return n
	}
	for _, sh := range r.shards {
		n += sh.traffic.total(of)
	}
	return n
}

// sawHeaders reports whether some answer had headers of a cache.
func (r *Record) sawHeaders() bool {
	for _, sh := range r.shards {
		if sh.headers {
			return true
		}
	}
	return false
}

// redirects is how many requests were answered by one.
func (r *Record) redirects() (n int64) {
	for _, sh := range r.shards {
		n += sh.redirects
	}
	return n
}

// originFirstByte is how long the origin took, as headers have it.
func (r *Record) originFirstByte() Histogram {
	h := coarseHistogram()
	for _, sh := range r.shards {
		h.Merge(&sh.fetched)
	}
	return h
}

// notUnderstood are the headers of caches that were not.
func (r *Record) notUnderstood() []NotUnderstood {
	odd := oddHeaders{}
	for _, sh := range r.shards {
		odd.merge(sh.odd)
	}
	return odd.list()
}

// timeline is how many sessions did what, by step.
func (r *Record) timeline() rows {
	t := newRows(r.Config.Duration, r.Config.Pipelines)
	for _, sh := range r.shards {
		t.add(&sh.rows)
	}
	return t
}

// seen are the answers outside of faults, by kind and by rendition.
func (r *Record) seen() (kinds [m3u8.Kinds]seen, renditions []watched) {
	for _, sh := range r.shards {
		for k := range sh.kinds {
			kinds[k].add(&sh.kinds[k])
		}
		for i := range sh.watched {
			if i == len(renditions) {
				renditions = append(renditions, watched{})
			}
			renditions[i].add(&sh.watched[i])
		}
	}
	return kinds, renditions
}

// buffered is the media that those who play at the end have left.
func (r *Record) buffered() (all []time.Duration) {
	for _, sh := range r.shards {
		all = append(all, sh.left...)
	}
	return all
}
