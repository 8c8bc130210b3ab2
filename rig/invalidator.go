package rig

import (
	"slices"
	"time"
)

// The stale-playlist invalidator watches the writes of media playlists and
// deletes a playlist that was not written again for stale_after target
// durations, so that players get a 404 and move on. Two kinds:
//
//   - "aws-sample" is the AWS sample's Lambda: each PUT starts an invocation
//     that sleeps until LastModified + target duration × multiple, sends HEAD
//     and, if LastModified has not grown, DELETE. LastModified is whole
//     seconds, and a write between the two requests is deleted unseen.
//   - "conditional" deletes with If-Match: only what it looked at dies.
//
// It knows only the keys that it heard a write of; any other playlist stays for
// ever. The next write brings the key back.

// deleteGap is the time between the sample's HEAD and its DELETE: two requests
// to S3 from a Lambda in its region.
const deleteGap = 30 * time.Millisecond

// put is a write as the invalidator hears of it.
type put struct {
	at     time.Duration
	number uint64
}

// check is one invocation that sleeps.
type check struct {
	at     time.Duration
	put    put
	delete bool // it has seen the object stale and is about to delete it
}

// arm starts an invocation for the write s.put.
func (s *stream) arm() {
	kind := s.c.cfg.Origin.Stale
	if kind != "aws-sample" && kind != "conditional" {
		return
	}
	at := s.c.clock.second(s.put.at) + s.c.staleAfter
	for i := range s.f.slow {
		// It sleeps until an instant, so a late beginning that is over before
		// changes nothing.
		if w := &s.f.slow[i]; w.holds(s.put.at) {
			at = max(at, s.put.at+w.fault.By)
		}
	}
	s.schedule(check{at: at, put: s.put})
}

// schedule keeps checks sorted by time. A backlog can only build up while the
// invalidator is off; then the oldest go, since the newest decides.
func (s *stream) schedule(c check) {
	const most = 4096
	i, _ := slices.BinarySearchFunc(s.checks, c, func(a, b check) int {
		if a.at <= b.at {
			return -1
		}
		return 1
	})
	s.checks = slices.Insert(s.checks, i, c)
	if len(s.checks) > most {
		s.checks = slices.Delete(s.checks, 0, 1)
	}
}

// check is the invalidator's turn at t.
func (s *stream) check(t time.Duration) {
	c := s.checks[0]
	s.checks = slices.Delete(s.checks, 0, 1)
	switch {
	case !s.exists:
	case c.delete:
		s.exists, s.deleted = false, 0
	case s.c.cfg.Origin.Stale == "conditional":
		if s.put.number == c.put.number {
			s.exists, s.deleted = false, 0
		}
	case s.c.clock.second(s.put.at) <= s.c.clock.second(c.put.at):
		s.schedule(check{at: t + deleteGap, put: c.put, delete: true})
	}
}

// postponed is when a check due at t really runs: windows in which the
// invalidator is off delay it to their end.
func (s *stream) postponed(t time.Duration) time.Duration {
	for again := true; again; {
		again = false
		for i := range s.f.off {
			if w := &s.f.off[i]; w.holds(t) {
				t, again = w.to, true
			}
		}
	}
	return t
}
