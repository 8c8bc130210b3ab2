package predict

import (
	"hlsload/player"
	"math"
	"time"
)

// course is what happens to one viewer at one point of the space of draws. Its
// clock is 0 at the onset; media time is 0 at the segment that was the newest
// when the playlist was last asked for before.
type course struct {
	p *player.Profile
	v *View
	s *Shape
	f *Fault
	u point

	trip            time.Duration // r
	changed, idle   time.Duration // between reloads that bring news, and that do not
	psi, tau        time.Duration
	lag             time.Duration // Λ
	goal, tick      time.Duration
	polls           int // so far, for draws of e
	level, way, top int
	copies          []copyState // by level and pathway
	ways            []bool      // penalised pathways
	failures        int         // counted for retry rungs

	// As of now.
	known, end_  time.Duration // media time of the playlist's and the buffer's end
	avail        time.Duration // what the playlist lists can be asked for from then on
	repeat       bool          // the next segment is the last one again
	holding      bool          // it waits for the next playlist
	since        time.Duration // when the playlist last changed
	misses       int
	stuck        bool
	skipped      bool
	dryAt        time.Duration // stands since; Never = plays
	gained       time.Duration // media that came since
	switched     bool          // away from the dead pipeline
	held         time.Duration // end of a segment that was asked for ahead of its turn
	missingAfter time.Duration // segments published after it are missing

	detected, moved, outage, stands time.Duration
	asked                           int
	end                             End
}

// copyState is what a player remembers of a copy of a level.
type copyState struct {
	failed    int
	penalised bool
}

func newCourse(p *player.Profile, v *View, s *Shape, f *Fault, u point) *course {
	c := &course{p: p, v: v, s: s, f: f, u: u, trip: s.Trip, level: len(v.Levels) - 1, top: len(v.Levels) - 1,
		detected: Never, moved: Never, stands: Never, dryAt: Never}
	c.copies = make([]copyState, len(v.Levels)*v.Pathways)
	c.ways = make([]bool, v.Pathways)
	for i := len(v.Levels) - 1; i > 0 && v.Levels[i-1].Rate == v.Levels[c.level].Rate; i-- {
		c.level = i - 1 // of equals, the first listed
	}
	// A viewer is of interest who watches the pipeline that fails.
	for w := range v.Pathways {
		if v.Levels[c.level].Copies[w] == f.Pipeline {
			c.way = w
		}
	}
	for i := c.top; i >= 0 && !c.sick(); i-- {
		if v.Levels[i].Copies[c.way] == f.Pipeline {
			c.level = i
		}
	}
	d := s.Segment
	r := &p.Reload
	c.changed, c.idle = r.Changed.Of(s.Target, d), r.Unchanged.Of(s.Target, d)
	hold := p.Live.HoldBack.Of(s.Target, d)
	if s.HoldBack > 0 {
		hold = s.HoldBack
	}
	hold = max(hold, p.Live.MinFromEdge.Of(s.Target, d))
	hold = min(hold, s.Window)
	if p.Live.SnapSegment {
		hold = (hold + d - 1) / d * d
	}
	if near := r.NearEdge.Of(s.Target, d); near > hold && d < c.changed {
		c.changed = d
	}
	if r.MinusLoad > 0 {
		c.changed, c.idle = c.changed-c.trip, c.idle-c.trip
	}
	if r.From == player.FromResponse {
		c.changed, c.idle = c.changed+c.trip, c.idle+c.trip
	}
	c.goal, c.tick = p.Buffer.Goal.Of(s.Target, d), time.Duration(p.Buffer.Tick)
	if p.Buffer.Bytes > 0 && v.Levels[c.level].Rate > 0 {
		c.goal = max(c.goal, time.Duration(float64(p.Buffer.Bytes)*8/float64(v.Levels[c.level].Rate)*1e9))
	}
	c.begin(hold)
	return c
}

// begin places the viewer: when it joined, where it plays, when it last asked.
func (c *course) begin(hold time.Duration) {
	d := c.s.Segment
	joined := share(d, c.u[0])
	late := c.aged(c.u[2], c.u[3])
	c.lag = hold + joined + c.startup(hold)
	if joined < late {
		c.lag += d // it saw the version before
	}
	c.tau = joined
	if c.oftenStale(joined) > c.u[4] {
		c.tau = (joined + c.idle) % d // until every reload brings news
	}
	if c.p.Reload.From == player.FromResponse {
		// Each reload comes later in a segment than the one before.
		drift := share(d, c.u[8])
		if c.s.Played > 0 {
			drift = share(c.s.Played, (float64(c.changed)/float64(d)-1)*(.5+c.u[8])) // not all for as long
		}
		c.tau = (c.tau + max(drift, 0)) % d
	}
	period := c.changed
	if c.p.Reload.OnDemand {
		// What is listed is used up before the playlist is looked at again.
		period = max(d, (c.lag-c.goal)/d*d)
		c.tau = (c.lag - c.goal) % d
	}
	c.psi = share(period, c.u[1])
	c.known = 0
	if c.tau < c.aged(c.u[2], c.u[3]) && c.oftenStale(c.tau) > .5 {
		c.known = -d
	}
	c.since, c.avail = c.trip-c.psi, c.trip-c.psi
	c.end_ = c.known
	for c.end_ > c.known-c.s.Window && c.room(c.end_-d) > -c.psi {
		c.end_ -= d
	}
	c.missingAfter = -Never
	c.held = c.end_
	if c.f.Cached {
		c.missingAfter = -share(c.ttl(), c.u[5])
	}
}

// startup is the time from the playlist to the first frame.
func (c *course) startup(hold time.Duration) time.Duration {
	s, d := &c.p.Startup, c.s.Segment
	need := s.Buffer.Of(c.s.Target, d)
	if s.Cap > 0 {
		need = min(need, time.Duration(s.Cap*float64(hold)))
	}
	n := max(1, int((need+(-hold%d+d)%d+d-1)/d))
	took := c.trip/2 + time.Duration(n)*c.fetch() + time.Duration(s.Prepare)
	switch s.Playlists {
	case player.PlaylistsFirstListed:
		took += c.trip
	case player.PlaylistsAll:
		took += time.Duration(2*len(c.v.Levels)*c.v.Pathways) * c.trip
	}
	return took
}

// share is a part of d.
func share(d time.Duration, u float64) time.Duration { return time.Duration(u * float64(d)) }

// ttl is how old a playlist may be.
func (c *course) ttl() (d time.Duration) {
	for _, t := range c.s.TTL {
		d += t
	}
	return d
}

// aged is how old a playlist is, for one draw for each cache.
func (c *course) aged(u ...float64) (d time.Duration) {
	for i, t := range c.s.TTL {
		d += share(t, u[i%len(u)])
	}
	return d
}

// oftenStale is the probability that a player which asks that long after each
// publication has been told at least once in several reloads that nothing is
// new, and asks at another time since.
func (c *course) oftenStale(tau time.Duration) float64 {
	const n = 16
	old := 0
	for i := range n {
		for k := range n {
			if c.aged((float64(i)+.5)/n, (float64(k)+.5)/n) > tau {
				old++
			}
		}
	}
	return 1 - math.Pow(1-float64(old)/(n*n), 6)
}

// fetch is how long a segment of the level takes.
func (c *course) fetch() time.Duration {
	d := c.trip
	if c.s.Down > 0 {
		d += time.Duration(float64(c.v.Levels[c.level].Rate) * c.s.Segment.Seconds() / float64(c.s.Down) * 1e9)
	}
	if c.s.Init && !c.p.Buffer.InitBeside {
		d += c.trip
	}
	return d
}

// edge is the end of the newest segment of a healthy pipeline.
func (c *course) edge(at time.Duration) time.Duration {
	d := c.s.Segment
	x := at + c.psi + c.tau
	if x < 0 {
		return (x - d + 1) / d * d
	}
	return x / d * d
}

// published is when the segment that ends there is.
func (c *course) published(end time.Duration) time.Duration { return end - c.psi - c.tau }

// dry is when a buffer that ends there has been played, and room when there is
// room for another segment.
func (c *course) dry(end time.Duration) time.Duration { return end - c.psi - c.tau + c.lag }
func (c *course) room(end time.Duration) time.Duration {
	return c.dry(end) - c.goal + c.tick/2
}

// over tells whether the fault is over at that instant.
func (c *course) over(at time.Duration) bool { return c.f.For > 0 && at >= c.f.For }

// horizon is when nobody looks any more.
func (c *course) horizon() time.Duration {
	if c.f.For > 0 {
		return c.f.For + c.f.Recovery
	}
	return 15 * time.Minute
}

func (c *course) copy() int { return c.v.Levels[c.level].Copies[c.way] }

// sick tells whether what is played now is of the faulty pipeline.
func (c *course) sick() bool { return c.copy() == c.f.Pipeline }

// seen is the end of the newest segment that a playlist shows, and whether the
// playlist is there.
func (c *course) seen(at time.Duration) (time.Duration, bool) {
	c.polls++
	_, a := math.Modf(c.u[2] + float64(c.polls)*.6180339887)
	_, b := math.Modf(c.u[3] + float64(c.polls)*.7548776662)
	then := at - c.aged(a, b)
	edge := c.edge(then)
	if !c.sick() || c.f.Kind == Missing || c.f.Kind == Hang || then < 0 {
		return edge, true
	}
	last := c.edge(0)
	if c.over(then) {
		from := c.f.For
		if c.f.Kind == Kill {
			from += c.s.Segment // what is half made at its return is lost
		}
		if c.published(edge) >= from {
			return edge, true
		}
	}
	if c.f.Kind == Freeze || c.f.Stale < 0 {
		return last, true
	}
	gone := time.Duration(0)
	if c.f.Stale > 0 {
		gone = c.published(last) + time.Duration(c.f.Stale*float64(c.s.Target))
		if c.f.WholeSeconds {
			gone -= share(time.Second, c.u[6])
		}
	}
	return last, then < gone
}

// bad tells whether the segment that ends there is missing or hangs.
func (c *course) bad(end, at time.Duration) bool {
	return c.sick() && (c.f.Kind == Missing || c.f.Kind == Hang) && at >= 0 && !c.over(at) &&
		(c.f.Kind == Hang || c.published(end) > c.missingAfter)
}

// run goes from reload to reload and from segment to segment.
func (c *course) run() {
	poll := c.next(-c.psi, true)
	busy := time.Duration(-1 << 62)
	limit := c.horizon()
	for range 20_000 {
		seg := Never
		if (c.known > c.end_ || c.repeat) && !c.holding {
			seg = max(c.avail, busy)
			if !c.repeat && (c.dryAt == Never || c.p.Buffer.Blocks == 0) {
				seg = max(seg, c.room(c.end_))
			}
		}
		at := min(poll, seg)
		if c.dryAt == Never && c.dry(c.end_) < at && c.dry(c.end_) < limit {
			c.runDry()
		}
		switch {
		case c.end != "":
			c.settle()
			return
		case at >= limit:
			c.wait()
			return
		case seg <= poll:
			if c.end_+c.s.Segment > c.held && c.bad(c.end_+c.s.Segment, seg) {
				if c.f.Kind == Hang {
					c.hang(seg)
					c.settle()
					return
				}
				c.asked++
				poll, busy = c.failed(seg+c.trip, "segment", player.Cause4xx, poll, busy)
				continue
			}
			busy = seg + c.fetch()
			if c.sick() {
			}
			if c.append(busy) {
				c.settle()
				return
			}
		default:
			poll, busy = c.reload(poll, busy)
		}
	}
	c.wait()
}

// next is when the playlist is asked for again.
func (c *course) next(at time.Duration, news bool) time.Duration {
	wait := c.idle
	if news {
		wait = c.changed
	}
	if c.p.Reload.OnDemand {
		if c.p.Buffer.Blocks > 0 && c.dryAt != Never {
			return at + c.idle + share(c.trip, .5) // nothing is left
		}
		// Once all that is listed is loaded and there is room for more.
		return max(at+wait, c.room(c.known))
	}
	return at + wait
}

// reload asks for the playlist, and returns when the next one and the next
// segment are due.
func (c *course) reload(at, busy time.Duration) (time.Duration, time.Duration) {
	edge, there := c.seen(at)
	if !there {
		c.asked++
		return c.failed(at+c.trip, "media", player.Cause4xx, at, busy)
	}
	answered := at + c.trip
	c.holding = false
	first := c.since == Never
	if edge > c.known || first {
		c.known = max(c.known, edge)
		c.since, c.misses, c.stuck, c.avail = answered, 0, false, max(c.avail, answered)
		if !first {
			c.avail = answered + c.look(c.u[7])
		}
		c.behind(answered)
		return c.next(at, true), busy
	}
	c.misses++
	if rungs, at2 := c.stale(answered); rungs != nil {
		return c.climb(at2, rungs, 0, "media", c.next(at, false), busy)
	}
	return c.next(at, false), busy
}

// look is how long after a playlist its news are noticed.
func (c *course) look(u float64) time.Duration {
	every := c.p.Buffer.Poll.Of(c.s.Target, c.s.Segment)
	if m := time.Duration(c.p.Buffer.PollMax); m > 0 {
		every = min(every, m)
	}
	return share(every, u)
}

// behind deals with a position that the window has left.
func (c *course) behind(at time.Duration) {
	base := c.known - c.s.Window
	if c.f.Kind == Kill && c.sick() && c.over(at) {
		base = max(base, c.edge(c.f.For)+c.s.Segment) // the list begins anew
	}
	if c.dryAt == Never || c.end_ >= base-leeway {
		return
	}
	switch c.p.Live.Behind {
	case player.BehindFatal:
		c.die(at)
	case player.BehindWindowStart:
		c.end_ = min(base+time.Duration(c.p.Live.BehindOffset)/c.s.Segment*c.s.Segment, c.known)
	case player.BehindNext:
		c.end_ = base
	default:
		hold := c.p.Live.HoldBack.Of(c.s.Target, c.s.Segment)
		c.end_ = max(c.known-hold/c.s.Segment*c.s.Segment, base)
	}
	if !c.p.Live.RealTime {
		c.stand(at, c.end_)
	}
	c.gained, c.repeat = 0, false
}

// stand says where playback is at an instant.
func (c *course) stand(at, position time.Duration) { c.lag = at + c.psi + c.tau - position }

// stale is the ladder for a playlist that does not change, if it is time for it.
func (c *course) stale(at time.Duration) ([]player.Rung, time.Duration) {
	if !c.sick() {
		return nil, at
	}
	r := &c.p.Stale
	// Reloads at exact intervals meet exact bounds: a little jitter decides.
	since, after := at-c.since+share(c.trip/4, c.u[7]-.5), r.After.Of(c.s.Target, c.s.Segment)
	found := false
	switch r.Detect {
	case player.StaleMisses:
		found = r.Misses > 0 && c.misses >= r.Misses
	case player.StaleSince:
		found = since >= after
	case player.StaleStarved:
		c.stuck = since >= after
		found = c.stuck && c.dryAt != Never
	case player.StaleBufferEnd:
		found = at >= c.dry(c.end_)-100*time.Millisecond && c.end_ >= c.known
	}
	if !found {
		return nil, at
	}
	return r.Then, at
}

// runDry is the instant at which the buffer ends.
func (c *course) runDry() {
	c.dryAt, c.gained = c.dry(c.end_), 0
	if c.stuck && c.p.Stale.Detect == player.StaleStarved {
		c.die(c.dryAt)
	}
}

// append takes a segment at that instant. It tells whether that settles
// everything.
func (c *course) append(at time.Duration) bool {
	healthy := !c.sick() && at >= 0
	again := !c.switched && c.sick() && c.over(at)
	if c.dryAt == Never && c.dry(c.end_) < at {
		c.runDry()
		if c.end != "" {
			return true
		}
	}
	if c.repeat {
		c.repeat = false
	} else {
		c.end_ += c.s.Segment
		c.gained += c.s.Segment
	}
	if healthy && c.moved == Never {
		c.moved = at
	}
	if c.dryAt != Never {
		s := &c.p.Startup
		need := s.Resume.Of(c.s.Target, c.s.Segment)
		if s.Cap > 0 {
			need = min(need, time.Duration(s.Cap*float64(c.lag)))
		}
		if c.skipped && c.v.Demuxed {
			need += c.s.Segment + 1 // the tracks skipped in turn: the first that both have is one later
		}
		if c.gained < max(need, 1) {
			return false
		}
		if c.p.Live.RealTime {
			due := c.dry(c.end_ - c.gained) // not before its time
			if c.skipped && (c.v.Demuxed || c.p.Startup.Sound == player.SoundFirstListed && len(c.v.Levels) > 1) {
				due += c.s.Segment // see above
			}
			at = max(at, due)
		}
		c.outage += at - max(c.dryAt, 0)
		c.stands = min(c.stands, c.dryAt)
		if !c.p.Live.RealTime {
			c.stand(at, c.end_-c.gained)
		}
		c.dryAt = Never
	}
	switch {
	case healthy:
		c.end = FailsOver
	case again:
		c.end = Waits
		if c.outage == 0 && c.detected == Never && c.asked == 0 && c.misses == 0 {
			c.end = Untouched
		}
	}
	return c.end != ""
}

// die ends the session.
func (c *course) die(at time.Duration) {
	if c.end != "" {
		return
	}
	c.end = Dies
	if c.f.For == 0 {
		c.outage = Never
		c.stands = at
		return
	}
	if c.dryAt < at {
		c.outage += at - c.dryAt
		c.stands = c.dryAt
	} else {
		c.stands = at
	}
	c.outage += max(0, c.horizon()-at)
}

// wait is the end of those that never came to anything else.
func (c *course) wait() {
	if c.end != "" {
		return
	}
	c.end = Waits
	if c.moved != Never {
		c.end = FailsOver
	}
	at := c.dryAt
	if at == Never {
		at = c.dry(c.end_)
	}
	if at >= c.horizon() {
		return
	}
	c.stands = at
	if c.f.For == 0 {
		c.outage = Never
		return
	}
	c.outage += c.horizon() - at
}

func (c *course) settle() {
	if c.f.For > 0 {
		c.outage = min(c.outage, c.horizon())
		if c.moved != Never && c.moved > c.horizon() {
			c.moved = Never
		}
	}
}
